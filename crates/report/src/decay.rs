//! Decays that were given as fractions or time constants, as the chip's registers hold them.

use pumice_engine::{Image, UnitBody, Where};
use pumice_models::Model;
use pumice_models::decay::{QuantisedDecay, time_constant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A decay of one population: that of the neuron whose register is farthest from what was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecayRow {
    /// Path of the process.
    pub process: String,
    /// The parameter: `du` or `dv`, `delta_i` and others of `ATRLIF`, `alpha` or `decay_tau` of resonators.
    pub parameter: String,
    /// The neuron.
    pub neuron: u32,
    /// Its register; of a resonator, that of the cosine of its rotation.
    pub register: i32,
    /// The fraction lost per step that was given.
    pub given_fraction: f64,
    /// The fraction lost per step that acts.
    pub acting_fraction: f64,
}

impl DecayRow {
    /// Of every process that runs in integers, in the order of the graph.
    pub(crate) fn all(image: &Image) -> Vec<DecayRow> {
        let in_integers = |place: &Where| -> Option<&Model> {
            match place {
                Where::Bank(bank) => Some(&image.chip.banks[*bank].model),
                Where::Unit(unit) => match &image.units[*unit].body {
                    UnitBody::Fixed(model) => Some(model),
                    UnitBody::Float(_) | UnitBody::Host => None,
                },
                Where::Synapses => None,
            }
        };
        let models =
            image.paths.iter().zip(&image.places).filter_map(|(path, place)| Some((path, in_integers(place)?)));
        let rows = models.flat_map(|(path, model)| {
            // What runs has the decays of its range.
            let decays = model.quantised_decays(&image.arithmetic).unwrap_or_default();
            decays.into_iter().map(|own| DecayRow::new(path, &own)).collect::<Vec<_>>()
        });
        rows.collect()
    }

    fn new(path: &str, own: &QuantisedDecay) -> DecayRow {
        DecayRow {
            process: path.into(),
            parameter: own.field.into(),
            neuron: own.neuron,
            register: own.register,
            given_fraction: own.given,
            acting_fraction: own.acting,
        }
    }

    /// The row in words.
    pub fn text(&self) -> String {
        let DecayRow { process, parameter, neuron, register, .. } = self;
        let [given, acting] = [self.given_fraction, self.acting_fraction].map(steps);
        format!("{process}.{parameter}: {register} at neuron {neuron}, a time constant of {acting} for {given}")
    }
}

fn steps(fraction: f64) -> String {
    let tau = time_constant(fraction);
    if tau.is_finite() { format!("{tau:.2} steps") } else { "no end".into() }
}
