//! The float twin of the learning connection: the same rule in real numbers, without rounding or register ends.
//!
//! ```text
//! h[e] = exp(-1 / tau) * h[e-1] + impulse * (fired at e)          (0 before the impulse if tau is 0)
//! z    = z + sum of scale * product of factors, for every product whose dependency holds
//! ```
//!
//! Weights of one sign stop at zero and delays are not negative, as in Lava 0.10
//! `lava/magma/core/model/py/connection.py` (`LearningConnectionModelFloat`), where a tau of 0 gives NaN. Under an
//! arithmetic whose products lose their scale to a shift, the twin scales them alike
//! ([`LearningArithmetic::float_keeps_shift`](super::LearningArithmetic::float_keeps_shift)).

use super::connection::{GradedSpikeCfg, Parts};
use super::course::{self, Course, Courses};
use super::product::{Dependency, Factor, Product, Series, Target, Variable};
use super::rule::CompiledRule;
use super::structure::{self, Growth};
use super::topology::Topology;
use crate::connection::weight::SignMode;
use crate::{Arithmetic, Cut, Io, Kernel, ModelError, Overflow, Values};

/// The traces of one side.
#[derive(Debug)]
struct Side {
    /// `(impulse, kept per step)` of each trace.
    courses: Vec<(f64, f64)>,
    /// Trace `k` of neuron `i` at `[k][i]`.
    value: Vec<Vec<f64>>,
    /// The same after each step of the epoch, `[e - 1][k][i]`.
    history: Vec<Vec<Vec<f64>>>,
    /// Step within the epoch of the last spike, or 0.
    spike: Vec<usize>,
}

impl Side {
    fn new(n: usize, courses: &[(f64, f64)], t_epoch: u32) -> Self {
        let value = vec![vec![0.0; n]; courses.len()];
        Side {
            courses: courses.iter().map(|course| kept(*course)).collect(),
            history: vec![value.clone(); t_epoch as usize],
            value,
            spike: vec![0; n],
        }
    }

    fn repeat(&mut self, i: usize, from: usize) {
        for (value, (impulse, _)) in self.value.iter_mut().zip(&self.courses).skip(from) {
            value[i] += impulse;
        }
    }

    /// Fills the history; `held` keeps the values as they are.
    fn advance(&mut self, held: bool) {
        let mut now = self.value.clone();
        for (e, after) in self.history.iter_mut().enumerate() {
            for (trace, (impulse, keep)) in now.iter_mut().zip(&self.courses) {
                for (v, spike) in trace.iter_mut().zip(&self.spike) {
                    if !held {
                        *v = *v * keep + if *spike == e + 1 { *impulse } else { 0.0 };
                    }
                }
            }
            after.clone_from(&now);
        }
    }

    fn read(&self, i: usize, trace: usize, when: usize) -> f64 {
        self.history[when - 1][trace][i]
    }
}

/// The impulse, and what a step keeps of a trace.
fn kept((impulse, tau): Course) -> (f64, f64) {
    (impulse, course::keep(tau))
}

/// The running twin.
#[derive(Debug)]
pub(super) struct FloatLearning {
    topology: Topology,
    growth: Option<Growth>,
    series: Vec<(Series, Vec<f64>)>,
    decimate: Option<u32>,
    t_epoch: usize,
    three_factor: bool,
    ports_held: bool,
    graded: bool,
    payloads: GradedSpikeCfg,
    weight_scale: f64,
    sign: SignMode,
    /// Weight, delay and tag of each synapse as it lies, by [`Target`].
    variables: [Vec<f64>; 3],
    static_delay: Option<Vec<f64>>,
    delays_act: bool,
    pre: Side,
    post: Side,
    courses: Courses,
    due: Vec<Vec<f64>>,
}

impl FloatLearning {
    /// What is counted of growing, as numbers.
    fn counted(&self, var: usize) -> Vec<f64> {
        let counts = self.growth.iter().map(|growth| growth.get(var, &self.topology).into_whole());
        counts.flatten().map(f64::from).collect()
    }

    /// A variable in the order in which the synapses were given.
    fn given(&self, variable: usize) -> Vec<f64> {
        let mut given = vec![0.0; self.topology.len()];
        for (k, v) in self.topology.given.iter().zip(&self.variables[variable]) {
            given[*k as usize] = *v;
        }
        given
    }

    /// The twin of these synapses; what grows is drawn by seed and process.
    pub(super) fn new(
        parts: Parts,
        rule: &CompiledRule,
        arithmetic: &Arithmetic,
        key: (u64, u32),
    ) -> Result<Self, ModelError> {
        let engine = &arithmetic.learning;
        let topology = parts.topology(&Cut::ALL)?;
        let scale = |p: &Product| match engine.float_keeps_shift {
            true => p.scale() / f64::from(1u32 << engine.product_shift(p.width())),
            false => p.scale(),
        };
        let mut courses = rule.pre;
        if parts.payloads != GradedSpikeCfg::UseRegularImpulse {
            courses[0].0 = 0.0;
        }
        let ports_held = rule.three_factor && !engine.port_traces_decay;
        let (tag_2, fixed) = match (parts.delays, engine.delays_act) {
            (Some(delays), true) => (delays, None),
            (delays, _) => (parts.tag_2, delays),
        };
        let most = f64::from(arithmetic.delay_max);
        let used = if engine.delays_act { Some(&tag_2) } else { fixed.as_ref() };
        if let Some(d) = used.and_then(|all| all.iter().find(|d| !(0.0..=most).contains(*d))) {
            return Err(ModelError::range("delays", d, format!("a number in 0..={most}")));
        }
        let growth = parts
            .structure
            .as_ref()
            .map(|structure| Growth::new(structure, &topology, (&parts.weights, &tag_2), u64::from(rule.t_epoch), key));
        Ok(FloatLearning {
            growth,
            series: rule.series.iter().map(|s| (s.clone(), s.products.iter().map(scale).collect())).collect(),
            decimate: rule.decimate,
            t_epoch: rule.t_epoch as usize,
            three_factor: rule.three_factor,
            ports_held,
            graded: parts.graded,
            payloads: parts.payloads,
            weight_scale: f64::from(parts.format.exponent).exp2(),
            sign: parts.format.sign,
            variables: [topology.laid(&parts.weights), topology.laid(&tag_2), topology.laid(&parts.tag_1)],
            static_delay: fixed.map(|d| topology.laid(&d)),
            delays_act: engine.delays_act,
            pre: Side::new(topology.n_in, &courses, rule.t_epoch),
            post: Side::new(topology.n_out, &rule.post, rule.t_epoch),
            courses: Courses::new(courses, rule.post, ports_held),
            due: vec![vec![0.0; topology.n_out]; arithmetic.delay_max as usize + 1],
            topology,
        })
    }

    /// Gives a trace another impulse and time constant.
    fn set_course(&mut self, trace: usize, course: Course) {
        match trace.checked_sub(2) {
            None => self.pre.courses[trace] = kept(course),
            Some(trace) => self.post.courses[trace] = kept(course),
        }
    }

    fn delay(&self, k: usize) -> usize {
        let d = match &self.static_delay {
            Some(all) => all[k],
            None if self.delays_act => self.variables[Target::Delay as usize][k],
            None => 0.0,
        };
        (d.round() as usize).min(self.due.len() - 1)
    }

    fn factor(&self, f: &Factor, (i, j, k): (usize, usize, usize), when: usize) -> f64 {
        let flag = |fired: bool| f64::from(u8::from(fired));
        let v = match f.variable {
            Variable::X0 => flag(self.pre.spike[i] > 0),
            Variable::Y0 => flag(self.post.spike[j] > 0),
            Variable::X1 => self.pre.read(i, 0, when),
            Variable::X2 => self.pre.read(i, 1, when),
            Variable::Y1 => self.post.read(j, 0, when),
            Variable::Y2 => self.post.read(j, 1, when),
            Variable::Y3 => self.post.read(j, 2, when),
            Variable::W => self.variables[0][k],
            Variable::D => self.variables[1][k],
            Variable::T => self.variables[2][k],
        } + f.constant.unwrap_or(0.0);
        match f.sign {
            true if v == 0.0 => 0.0,
            true => v.signum(),
            false => v,
        }
    }

    fn changed(&self, (series, scales): &(Series, Vec<f64>), at: (usize, usize, usize), u: bool) -> f64 {
        let mut z = self.variables[series.target as usize][at.2];
        for (product, scale) in series.products.iter().zip(scales) {
            let when = match product.dependency {
                Dependency::X0 => self.pre.spike[at.0],
                Dependency::Y0 => self.post.spike[at.1],
                Dependency::U => self.t_epoch * usize::from(u),
            };
            if when > 0 {
                z += product.factors.iter().fold(*scale, |p, f| p * self.factor(f, at, when));
            }
        }
        match (series.target, self.sign) {
            (Target::Delay, _) | (Target::Weight, SignMode::Excitatory) => z.max(0.0),
            (Target::Weight, SignMode::Inhibitory) => z.min(0.0),
            _ => z,
        }
    }

    fn note_spikes(&mut self, io: &Io<'_, f64>) {
        let e = ((io.step - 1) % self.t_epoch as u64) as usize + 1;
        for (i, s) in io.inputs[0].iter().enumerate().filter(|(_, s)| **s != 0.0) {
            let again = self.pre.spike[i] > 0;
            match self.payloads {
                GradedSpikeCfg::UseRegularImpulse if again => self.pre.repeat(i, 0),
                GradedSpikeCfg::UseRegularImpulse => {}
                GradedSpikeCfg::Overwrite => self.pre.value[0][i] = s / 2.0,
                _ => self.pre.value[0][i] += s / 2.0,
            }
            if again && self.payloads != GradedSpikeCfg::UseRegularImpulse {
                self.pre.repeat(i, 1);
            }
            self.pre.spike[i] = e;
        }
        for (j, _) in io.inputs[1].iter().enumerate().filter(|(_, s)| **s != 0.0) {
            if self.post.spike[j] > 0 {
                self.post.repeat(j, 0);
            }
            self.post.spike[j] = e;
        }
        if self.three_factor {
            for (value, port) in self.post.value.iter_mut().zip(&io.inputs[2..]) {
                value.clone_from(port);
            }
        }
    }
}

impl Kernel<f64> for FloatLearning {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<f64>]) {
        outputs[0].copy_from_slice(&self.due[0]);
        self.due[0].fill(0.0);
        self.due.rotate_left(1);
    }

    fn step(&mut self, io: &mut Io<'_, f64>) {
        for (i, s) in io.inputs[0].iter().enumerate().filter(|(_, s)| **s != 0.0) {
            let payload = if self.graded { *s } else { 1.0 };
            for k in self.topology.row(i) {
                let (d, j) = (self.delay(k), self.topology.target[k] as usize);
                self.due[d][j] += self.variables[0][k] * self.weight_scale * payload;
            }
        }
        self.note_spikes(io);
    }

    fn learn(&mut self, step: u64, _overflow: &mut Overflow) {
        if !step.is_multiple_of(self.t_epoch as u64) {
            return;
        }
        self.pre.advance(false);
        self.post.advance(self.ports_held);
        let epoch = step / self.t_epoch as u64;
        let u = self.decimate.is_some_and(|k| epoch.is_multiple_of(1 << k));
        let mut after = self.variables.clone();
        for i in 0..self.topology.n_in {
            for k in self.topology.row(i).filter(|k| self.growth.as_ref().is_none_or(|g| g.connected()[*k])) {
                let at = (i, self.topology.target[k] as usize, k);
                for series in &self.series {
                    after[series.0.target as usize][k] = self.changed(series, at, u);
                }
            }
        }
        self.variables = after;
        if let Some(growth) = &mut self.growth {
            growth.adjust(step, &self.topology, &mut self.variables);
        }
        let last = self.t_epoch - 1;
        self.pre.value.clone_from(&self.pre.history[last]);
        if !self.three_factor {
            self.post.value.clone_from(&self.post.history[last]);
        }
        self.pre.spike.fill(0);
        self.post.spike.fill(0);
    }

    fn get(&self, var: usize) -> Vec<f64> {
        match var {
            0 => self.given(0),
            1 => self.given(2),
            2 => self.given(1),
            3 | 4 => self.pre.value[var - 3].clone(),
            course::FIRST_VAR..structure::FIRST_VAR => vec![self.courses.get(var - course::FIRST_VAR)],
            structure::FIRST_VAR.. => self.counted(var - structure::FIRST_VAR),
            _ => self.post.value[var - 5].clone(),
        }
    }

    fn set(&mut self, var: usize, values: &[f64]) -> Result<(), ModelError> {
        if let Some(growth) = self.growth.as_ref().filter(|_| var == 0) {
            growth.check_weights(values, &self.topology)?;
        }
        match var {
            structure::FIRST_VAR.. => return Err(structure::read_only(var - structure::FIRST_VAR)),
            course::FIRST_VAR.. => {
                let (trace, course) = self.courses.set(var - course::FIRST_VAR, values[0])?;
                self.set_course(trace, course);
            }
            0 => self.variables[0] = self.topology.laid(values),
            1 => self.variables[2] = self.topology.laid(values),
            2 => self.variables[1] = self.topology.laid(values),
            3 | 4 => self.pre.value[var - 3] = values.to_vec(),
            _ => self.post.value[var - 5] = values.to_vec(),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        let mut state: Vec<Values> = (0..8).map(|var| Values::Real(self.get(var))).collect();
        for side in [&self.pre, &self.post] {
            state.push(Values::Int(side.spike.iter().map(|e| *e as i32).collect()));
        }
        state.push(Values::Real(self.due.concat()));
        state.push(Values::Real(self.courses.save().to_vec()));
        state.extend(
            self.growth.iter().flat_map(|growth| growth.save(&self.topology)).map(|p| Values::Int(p.into_whole())),
        );
        state
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let (n, n_in, n_out) = (self.topology.len(), self.topology.n_in, self.topology.n_out);
        let mut lengths =
            vec![n, n, n, n_in, n_in, n_out, n_out, n_out, n_in, n_out, n_out * self.due.len(), course::VARS.len()];
        if self.growth.is_some() {
            lengths.extend([n, n_out, n_out, n_out]);
        }
        let found: Vec<usize> = state.iter().map(Values::len).collect();
        if found != lengths {
            return Err(ModelError::shape("saved state", &found, &lengths));
        }
        if let Some(growth) = &mut self.growth {
            let counts: Option<Vec<Vec<i32>>> = state[12..].iter().map(Values::to_int).collect();
            let refuse = || ModelError::range("saved state", "a fraction", "what this process saved");
            growth.load(&counts.ok_or_else(refuse)?, &self.topology)?;
        }
        for (var, values) in state[..8].iter().enumerate() {
            self.set(var, &values.to_real())?;
        }
        for (side, saved) in [&mut self.pre, &mut self.post].into_iter().zip(&state[8..10]) {
            let spikes = saved.to_real();
            if spikes.iter().any(|e| !(0.0..=self.t_epoch as f64).contains(e)) {
                return Err(ModelError::range("saved state", "a spike outside the epoch", "steps of the epoch"));
            }
            side.spike = spikes.iter().map(|e| *e as usize).collect();
        }
        self.courses.load(&state[11].to_real())?;
        (0..course::VARS.len() / 2).for_each(|trace| self.set_course(trace, self.courses.of(trace)));
        for (slot, values) in self.due.iter_mut().zip(state[10].to_real().chunks(n_out)) {
            slot.copy_from_slice(values);
        }
        Ok(())
    }
}
