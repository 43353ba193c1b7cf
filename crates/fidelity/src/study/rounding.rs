//! What rounding does to the spike times of an Izhikevich neuron in s16.15.

use pumice::num::{Draws, Purpose};

/// How a product of two numbers of 15 fraction bits loses its last bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// What a C compiler does unless told otherwise: constants of 15 fraction bits too, everything toward minus infinity.
    Compiler,
    /// Products toward minus infinity; from here on constants have 32 fraction bits.
    Down,
    /// To the nearest.
    Nearest,
    /// Up with the probability of the lost fraction.
    Stochastic,
}

impl Rounding {
    /// All four.
    pub const ALL: [Rounding; 4] = [Rounding::Compiler, Rounding::Down, Rounding::Nearest, Rounding::Stochastic];
}

/// Spike times of an Izhikevich neuron in s16.15 against double precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// The rounding.
    pub rounding: Rounding,
    /// Mean distance of a spike to its own in double precision `[ms]`.
    pub mean_ms: f64,
    /// Largest distance `[ms]`.
    pub largest_ms: f64,
    /// Spikes compared.
    pub spikes: usize,
}

/// Duration of a step `[ms]`.
const DT: f64 = 0.1;

/// In which order a step multiplies; the sums are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// What is known before the run is one constant (`a dt / 2`): six products.
    Merged,
    /// As sPyNNaker's `rk2_kernel_midpoint` is written, `dt * (b * v - u) * a` one factor after the other: eleven products.
    Written,
}

/// One neuron, one constant current, one order of the products.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// `a` and `d` of the neuron; `b` is 0.2, `c` is -65.
    pub neuron: (f64, f64),
    /// Constant current.
    pub current: f64,
    /// Order of the products.
    pub order: Order,
}

/// The constants of a neuron, as a rounding holds them.
struct Constants {
    quadratic: f64,
    b: f64,
    a: f64,
    dt: f64,
    half: f64,
    a_dt: f64,
    a_half: f64,
}

impl Constants {
    fn new(a: f64, hold: impl Fn(f64) -> f64) -> Self {
        Constants {
            quadratic: hold(0.04),
            b: hold(0.2),
            a: hold(a),
            dt: hold(DT),
            half: hold(DT / 2.0),
            a_dt: hold(a * DT),
            a_half: hold(a * DT / 2.0),
        }
    }

    /// `(0.04 v + 5) v`.
    fn square(&self, v: f64, mul: &mut impl FnMut(f64, f64) -> f64) -> f64 {
        let inner = mul(v, self.quadratic) + 5.0;
        mul(v, inner)
    }

    /// One step of the midpoint rule for `dv/dt = 0.04 v^2 + 5 v + 140 - u + I`, `du/dt = a (b v - u)`.
    fn step(&self, order: Order, input: f64, (v, u): (f64, f64), mul: &mut impl FnMut(f64, f64) -> f64) -> (f64, f64) {
        let drive = 140.0 + input - u;
        let slope = self.square(v, mul) + drive;
        let rise = mul(v, self.b) - u;
        let (middle, beta) = match order {
            Order::Merged => (v + mul(slope, self.half), mul(rise, self.a_half)),
            Order::Written => {
                let (whole, rise) = (mul(slope, self.dt), mul(rise, self.dt));
                let rise = mul(rise, self.a);
                (v + mul(whole, 0.5), mul(rise, 0.5))
            }
        };
        let slope = self.square(middle, mul) + drive - beta;
        let rise = mul(middle, self.b) - u - beta;
        let a_dt = match order {
            Order::Merged => self.a_dt,
            Order::Written => mul(self.a, self.dt),
        };
        (v + mul(slope, self.dt), u + mul(rise, a_dt))
    }
}

/// When a run ends.
#[derive(Clone, Copy)]
enum End {
    Steps(usize),
    Spikes(usize),
}

/// Spike times `[ms]` of an Izhikevich neuron whose products are rounded by `mul(state, constant or state)`.
///
/// Source of the equations: Izhikevich 2003; of the study: Hopkins, Mikaitis, Lester, Furber, Phil Trans A 378:20190052, 2020.
fn izhikevich(setting: Setting, end: End, hold: impl Fn(f64) -> f64, mut mul: impl FnMut(f64, f64) -> f64) -> Vec<f64> {
    let constants = Constants::new(setting.neuron.0, hold);
    let (steps, most) = match end {
        End::Steps(steps) => (steps, usize::MAX),
        // A neuron that never fires ends, too.
        End::Spikes(spikes) => (10_000 * spikes, spikes),
    };
    let ((mut v, mut u), mut spikes) = ((-65.0, -13.0), Vec::new());
    for t in 0..steps {
        (v, u) = constants.step(setting.order, setting.current, (v, u), &mut mul);
        if v >= 30.0 {
            spikes.push(t as f64 * DT);
            (v, u) = (-65.0, u + setting.neuron.1);
            if spikes.len() == most {
                break;
            }
        }
    }
    spikes
}

/// The product as s16.15 holds it; state and sums are multiples of 2^-15, so a double has the product of two exactly, and
/// that of one and a constant of 32 bits to 2^-37.
fn rounded(exact: f64, rounding: Rounding, draws: &mut Draws) -> f64 {
    let x = exact * 32_768.0;
    let whole = match rounding {
        Rounding::Compiler | Rounding::Down => x.floor(),
        Rounding::Nearest => (x + 0.5).floor(),
        Rounding::Stochastic => (x + draws.unit()).floor(),
    };
    whole / 32_768.0
}

/// Distances of the spikes of one run to those in double precision `[ms]`.
fn distances(setting: Setting, end: End, exact: &[f64], rounding: Rounding, seed: u64) -> Vec<f64> {
    let mut draws = Draws::new(seed, Purpose::STATE, 0, setting.current.to_bits() as u32);
    let hold = |c: f64| match rounding {
        Rounding::Compiler => (c * 32_768.0).floor() / 32_768.0,
        // Below 1, as all of them are, an unsigned number of 32 bits has 32 fraction bits (`unsigned long fract`).
        _ => (c * 32.0_f64.exp2()).round() / 32.0_f64.exp2(),
    };
    let fixed = izhikevich(setting, end, hold, |x, y| rounded(x * y, rounding, &mut draws));
    exact.iter().zip(&fixed).map(|(a, b)| (a - b).abs()).collect()
}

/// The lags of all roundings over some settings; stochastic rounding over so many seeds.
fn lags(settings: &[Setting], end: End, seeds: u64) -> Vec<Lag> {
    let exact = settings.iter().map(|s| izhikevich(*s, end, |c| c, |x, y| x * y)).collect::<Vec<_>>();
    let lag = |rounding: Rounding| {
        let seeds = if rounding == Rounding::Stochastic { seeds } else { 1 };
        let runs = settings.iter().zip(&exact).flat_map(|(s, exact)| (1..=seeds).map(move |seed| (*s, exact, seed)));
        let all: Vec<f64> = runs.flat_map(|(s, exact, seed)| distances(s, end, exact, rounding, seed)).collect();
        Lag {
            rounding,
            mean_ms: all.iter().sum::<f64>() / all.len().max(1) as f64,
            largest_ms: all.iter().copied().fold(0.0, f64::max),
            spikes: all.len(),
        }
    };
    Rounding::ALL.map(lag).to_vec()
}

/// A current of 4.775, as s16.15 holds it.
const WEAK: f64 = 156_467.0 / 32_768.0;
/// Regular spiking and fast spiking.
const NEURONS: [(f64, f64); 2] = [(0.02, 8.0), (0.1, 2.0)];

/// The lag of every rounding, over regular spiking and fast spiking neurons with currents of 4 to 14.
pub fn rounding_study(steps: usize) -> Vec<Lag> {
    let currents = (0..12u32).map(|k| 4.0 + f64::from(k) * 0.875);
    let settings: Vec<Setting> =
        currents.flat_map(|current| NEURONS.map(|neuron| Setting { neuron, current, order: Order::Merged })).collect();
    lags(&settings, End::Steps(steps), 1)
}

/// The lag of every rounding in single settings: both neurons, currents of 4.775 and 10, both orders of the products; so
/// many spikes of each, stochastic rounding with five seeds.
pub fn settings_study(spikes: usize) -> Vec<(Setting, Vec<Lag>)> {
    let all = NEURONS.into_iter().flat_map(|neuron| {
        let currents = [WEAK, 10.0].into_iter();
        currents
            .flat_map(move |current| [Order::Merged, Order::Written].map(|order| Setting { neuron, current, order }))
    });
    all.map(|setting| (setting, lags(&[setting], End::Spikes(spikes), 5))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hopkins et al. 2020: what the compiler does is worst by far, and nothing is biased where draws decide.
    #[test]
    fn the_compilers_rounding_is_worst_and_stochastic_rounding_has_no_bias() {
        let all = rounding_study(6000);
        let of = |rounding| all.iter().find(|lag| lag.rounding == rounding).unwrap();
        assert!(all.iter().all(|lag| lag.spikes > 300));
        assert!(of(Rounding::Compiler).mean_ms > 4.0 * of(Rounding::Down).mean_ms, "{all:?}");
        let all = settings_study(30);
        let sum = |k: usize| all.iter().map(|(_, lags)| lags[k].mean_ms).sum::<f64>();
        let [compiler, down, nearest, stochastic] = [0, 1, 2, 3].map(sum);
        assert!(2.0 * stochastic < nearest.min(down) && nearest.max(down) < compiler, "{all:?}");
    }

    /// Stochastic, nearest, down, the compiler's, from best to worst, for a regular spiking neuron.
    #[test]
    fn the_published_order_is_that_of_a_regular_spiking_neuron() {
        let setting = Setting { neuron: NEURONS[0], current: WEAK, order: Order::Merged };
        let all = lags(&[setting], End::Spikes(60), 2);
        let mean = |rounding| all.iter().find(|lag| lag.rounding == rounding).unwrap().mean_ms;
        let order = [Rounding::Stochastic, Rounding::Nearest, Rounding::Down, Rounding::Compiler].map(mean);
        assert!(order.is_sorted_by(|x, y| x < y), "{all:?}");
    }

    /// The first products of a step are those of the rule, whatever their order.
    #[test]
    fn both_orders_are_one_rule_where_nothing_is_rounded() {
        let times = [Order::Merged, Order::Written].map(|order| {
            let setting = Setting { neuron: NEURONS[1], current: 10.0, order };
            izhikevich(setting, End::Steps(3000), |c| c, |x, y| x * y)
        });
        assert!(times[0].len() > 10 && times[0] == times[1], "{times:?}");
    }
}
