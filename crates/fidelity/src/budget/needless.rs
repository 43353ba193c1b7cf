//! Overflow that need not have been: the register holds all that the float twin can be off by.

use super::{Follower, Violation};
use crate::observe::State;
use crate::register::{NAMES, ends};
use crate::wiring::Neurons;

/// What is said to be beyond its budget, in the order of [`NAMES`].
const OVERFLOW: [&str; 4] = ["overflow of a_in", "overflow of u", "overflow of u+bias", "overflow of v"];

impl Follower<'_> {
    /// The first register of population `k` that overflows in a step, its first one with an overflow, though it and those
    /// before it hold every value within the budget of the float twin.
    pub(super) fn needless(&self, k: usize, step: u64) -> Option<Violation> {
        let p = &self.wiring.populations[k];
        let noted = self.fixed.overflow.iter().filter(|o| o.process == p.path && o.record.first_step == step);
        noted.into_iter().find_map(|place| {
            let register = NAMES.iter().position(|name| *name == place.record.variable)?;
            let neuron = place.record.first_index;
            let wanted = self.wanted(p, k, (step, neuron as usize))?;
            let ends = ends(self.arithmetic);
            // What comes after a register that overflows rightly is anything.
            let held = wanted.iter().zip(&ends).take_while(|((float, budget_lsb), (low, high))| {
                // Reals round too: at the 53rd bit of what they hold.
                let room = budget_lsb + 1e-9 * (1.0 + float.abs());
                float - room >= *low as f64 && float + room <= *high as f64
            });
            let (float, budget_lsb) = wanted[register];
            let end = if float < 0.0 { ends[register].0 } else { ends[register].1 };
            (held.count() > register).then(|| Violation {
                process: p.path.clone(),
                neuron,
                step,
                variable: OVERFLOW[register],
                fixed: end as f64,
                float,
                budget_lsb,
            })
        })
    }

    /// What the float twin of each register is before its ends count, and how far it can be off `[state LSB]`.
    fn wanted(&self, p: &Neurons, k: usize, (step, i): (u64, usize)) -> Option<[(f64, f64); 4]> {
        let states = (self.float.state(&p.path, "u")?, self.float.state(&p.path, "v")?);
        let before = |s: &State, initial: &[f64]| if step == 1 { Some(initial[i]) } else { s.at(step - 1, i) };
        let (u0, v0) = (before(states.0, &p.initial.0)?, before(states.1, &p.initial.1)?);
        let u = states.0.at(step, i)?;
        let slots = self.coming[k].len() as u64;
        let error = self.coming[k][(step % slots) as usize][i].0 * f64::from(1 << self.arithmetic.align);
        let budget = self.budgets[k][i].next(p, i, error, (u0, v0));
        let drive = u + p.bias.1[i];
        let bias = (f64::from(p.bias.0[i]) - p.bias.1[i]).abs();
        Some([
            (u - p.keep_u.1[i] * u0, error),
            (u, budget.u_lsb),
            (drive, budget.u_lsb + bias),
            (p.keep_v.1[i] * v0 + drive, budget.v_lsb),
        ])
    }
}
