//! Processes that are one machine, not a population: their variables are short lists of integers.

use std::fmt::Debug;

use crate::{Io, Kernel, ModelError, Number, Values};

/// What a machine does in one step, in either form.
pub(crate) trait Machine: Debug + Send + 'static {
    /// Takes one array per in-port and writes one per out-port; `vars` are its variables.
    fn step(&self, vars: &mut [Vec<i32>], inputs: &[Vec<i32>], outputs: &mut [Vec<i32>]);
}

/// A running machine and its variables.
#[derive(Debug)]
pub(crate) struct Running<M> {
    machine: M,
    vars: Vec<Vec<i32>>,
}

impl<M: Machine> Running<M> {
    pub(crate) fn new(machine: M, vars: Vec<Vec<i32>>) -> Self {
        Running { machine, vars }
    }

    fn write(&mut self, var: usize, values: &Values) -> Result<(), ModelError> {
        let n = self.vars[var].len();
        match values.to_int() {
            Some(values) if values.len() == n => self.vars[var] = values,
            _ => return Err(ModelError::range(format!("variable {var}"), "something else", format!("{n} integers"))),
        }
        Ok(())
    }
}

impl<M: Machine, N: Number> Kernel<N> for Running<M> {
    fn step(&mut self, io: &mut Io<'_, N>) {
        // A real message becomes an integer as in C, toward zero.
        let inputs: Vec<Vec<i32>> =
            io.inputs.iter().map(|port| port.iter().map(|x| x.real() as i32).collect()).collect();
        let mut outputs: Vec<Vec<i32>> = io.outputs.iter().map(|port| vec![0; port.len()]).collect();
        self.machine.step(&mut self.vars, &inputs, &mut outputs);
        for (port, values) in io.outputs.iter_mut().zip(outputs) {
            for (slot, x) in port.iter_mut().zip(values) {
                *slot = N::from_int(x);
            }
        }
    }

    fn get(&self, var: usize) -> Vec<N> {
        self.vars[var].iter().map(|x| N::from_int(*x)).collect()
    }

    fn set(&mut self, var: usize, values: &[N]) -> Result<(), ModelError> {
        self.write(var, &N::values(values.to_vec()))
    }

    fn save(&self) -> Vec<Values> {
        self.vars.iter().map(|all| Values::Int(all.clone())).collect()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        if state.len() != self.vars.len() {
            return Err(ModelError::shape("saved state", &[state.len()], &[self.vars.len()]));
        }
        state.iter().enumerate().try_for_each(|(var, values)| self.write(var, values))
    }
}

/// Gives a process of one machine its [`Behaviour`](crate::Behaviour): ports and variables as `(name, kind, length)`
/// and `(name, length)`, and how it is started.
macro_rules! machine {
    ($type:ident, $this:ident, in [$(($in:literal, $in_kind:ident, $in_n:expr)),*],
     out [$(($out:literal, $out_kind:ident, $out_n:expr)),*], vars [$(($var:literal, $var_n:expr)),*], $start:expr) => {
        impl $crate::Behaviour for $type {
            fn in_ports(&self) -> Vec<$crate::PortSpec> {
                let $this = self;
                let _ = $this;
                vec![$($crate::PortSpec::new($in, $crate::Kind::$in_kind, &[$in_n])),*]
            }

            fn out_ports(&self) -> Vec<$crate::PortSpec> {
                vec![$($crate::PortSpec::new($out, $crate::Kind::$out_kind, &[$out_n])),*]
            }

            fn vars(&self) -> Vec<$crate::VarSpec> {
                let $this = self;
                let _ = $this;
                vec![$($crate::VarSpec::new($var, &[$var_n])),*]
            }

            fn fixed(
                &self,
                _setting: &$crate::Setting<'_>,
            ) -> Result<Box<dyn $crate::Kernel<i32>>, $crate::ModelError> {
                let $this = self;
                Ok(Box::new($start?))
            }

            fn float(
                &self,
                _setting: &$crate::Setting<'_>,
            ) -> Result<Box<dyn $crate::Kernel<f64>>, $crate::ModelError> {
                let $this = self;
                Ok(Box::new($start?))
            }
        }
    };
}
pub(crate) use machine;

#[cfg(test)]
mod tests;
