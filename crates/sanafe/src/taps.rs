//! The dendrite `taps`: a line of compartments that leak, and exchange what they hold with their neighbours.
//!
//! ```text
//! v[i] <- v[i] * time[i] + space[i-1] * (v[i-1] - v[i]) + space[i] * (v[i+1] - v[i])      in every step
//! v[tap] <- v[tap] + weight                                                               for every synapse read
//! ```
//!
//! The soma receives `v[0]`. Written from the behaviour of SANA-FE 2.2.9, to the last bit: the products are taken one by one,
//! and added from left to right.

use crate::attributes::Attributes;

/// The compartments of one neuron.
#[derive(Clone, Debug)]
pub(crate) struct Taps {
    time: Vec<f64>,
    space: Vec<f64>,
    v: Vec<f64>,
}

impl Taps {
    /// The most compartments of SANA-FE's units.
    const MOST: usize = 1024;

    pub(crate) fn new(a: &Attributes) -> Result<Taps, String> {
        let n = a.taps.unwrap_or(1) as usize;
        if !(1..=Taps::MOST).contains(&n) {
            return Err(format!("`taps` is {n}, allowed is 1 to {}", Taps::MOST));
        }
        let needs = |name: &str, own: &Option<Vec<f64>>, needed: usize| {
            let own = own.clone().unwrap_or_default();
            match own.len() == needed {
                true => Ok(own),
                false => Err(format!("`{name}` has {} numbers, needed are {needed} for `taps` of {n}", own.len())),
            }
        };
        let time = needs("time_constants", &a.time_constants, n)?;
        Ok(Taps { time, space: needs("space_constants", &a.space_constants, n - 1)?, v: vec![0.0; n] })
    }

    /// Number of compartments.
    pub(crate) fn len(&self) -> usize {
        self.v.len()
    }

    /// One step of leaks and flows.
    pub(crate) fn leak(&mut self) {
        let mut left = None;
        for i in 0..self.v.len() {
            let own = self.v[i];
            let mut next = own * self.time[i];
            if let Some(left) = left {
                let space = self.space[i - 1];
                next += left * space;
                next -= own * space;
            }
            if let Some(space) = self.space.get(i) {
                next -= own * space;
                next += self.v[i + 1] * space;
            }
            left = Some(own);
            self.v[i] = next;
        }
    }

    /// Adds what a synapse brings to a compartment, which there must be.
    pub(crate) fn add(&mut self, tap: usize, weight: f64) {
        self.v[tap] += weight;
    }

    /// What the soma receives.
    pub(crate) fn value(&self) -> f64 {
        self.v[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(time: &[f64], space: &[f64]) -> Attributes {
        Attributes {
            taps: Some(time.len() as u32),
            time_constants: Some(time.to_vec()),
            space_constants: Some(space.to_vec()),
            ..Attributes::default()
        }
    }

    /// Recorded of SANA-FE 2.2.9: what the soma of a line of three receives after 8 came to one of them.
    #[test]
    fn charge_flows_as_recorded() {
        let recorded: [[f64; 4]; 3] = [
            [3.0, 1.25, 0.523_437_5, 0.219_726_562_5],
            [1.0, 0.4375, 0.1875, 0.081_542_968_75],
            [0.0, 0.0625, 0.070_312_5, 0.060_058_593_75],
        ];
        for (tap, expected) in recorded.iter().enumerate() {
            let mut taps = Taps::new(&line(&[0.5, 0.25, 0.75], &[0.125, 0.0625])).unwrap();
            taps.add(tap, 8.0);
            for value in expected {
                taps.leak();
                assert_eq!(taps.value(), *value, "tap {tap}");
            }
        }
    }

    #[test]
    fn constants_of_another_number_are_refused() {
        for (own, word) in [
            (line(&[], &[]), "allowed is 1 to 1024"),
            (line(&[0.5, 0.5], &[]), "`space_constants` has 0 numbers, needed are 1"),
            (line(&[0.5], &[0.5]), "`space_constants` has 1 numbers, needed are 0"),
            (Attributes::default(), "`time_constants` has 0 numbers, needed are 1"),
            (Attributes { taps: Some(3), ..line(&[0.5], &[]) }, "needed are 3"),
        ] {
            let fault = Taps::new(&own).unwrap_err();
            assert!(fault.contains(word), "{fault}");
        }
    }
}
