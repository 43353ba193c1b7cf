use proptest::prelude::*;
use pumice_models::neuron::cuba_lif::CubaLif;
use pumice_models::neuron::lif::Lif;
use pumice_models::neuron::lif_refractory::LifRefractory;
use pumice_models::neuron::lif_reset::LifReset;
use pumice_models::{Arithmetic, Behaviour, Model, Setting};
use pumice_num::{Draws, Purpose};

use super::*;

/// Neurons of a test. The share has those from 3 on, on two cores.
const N: usize = 60;

/// The first accumulator of the share.
const FIRST: usize = 5;

/// The share of a bank.
fn share(bank: Box<dyn Bank>) -> Share {
    let parts = vec![(CoreId(0), 0..20), (CoreId(1), 20..N - 3)];
    Share::new((bank, 1), 3..N, std::iter::once(FIRST..FIRST + N - 3).collect(), parts, vec!["a_in"], false)
}

/// Populations that rest, some of them by a drive that holds them at a fixed point, and some that never do.
fn model(which: usize, driven: bool, draws: &mut Draws) -> Model {
    let mut each = |least: i32, below: u32| -> Vec<i32> { (0..N).map(|_| least + draws.below(below) as i32).collect() };
    let bias_mant = if driven { each(-9, 19) } else { vec![0; N] };
    let (du, dv, vth) = (3000.into(), 900.into(), 40.into());
    match which {
        0 => Lif { du, dv, vth, bias_mant: bias_mant.into(), ..Lif::new(&[N]) }.into(),
        1 => Lif { du, vth: each(20, 300).into(), ..Lif::new(&[N]) }.into(),
        2 | 3 => CubaLif {
            du,
            dv,
            bias: bias_mant.into(),
            refractory_period: each(1, 30).into(),
            enable_noise: (which as i32 - 2).into(),
            ..CubaLif::new(&[N], 2000.into())
        }
        .into(),
        4 => LifReset { du, vth, bias_mant: bias_mant.into(), reset_interval: 7, ..LifReset::new(&[N]) }.into(),
        _ => LifRefractory { du, dv, vth, bias_mant: bias_mant.into(), ..LifRefractory::new(&[N]) }.into(),
    }
}

/// A bank of which every neuron is updated in every step.
struct Always {
    bank: Box<dyn Bank>,
    fired: Fired,
    active: Vec<u64>,
    overflow: Overflow,
}

impl Always {
    fn step(&mut self, step: u64, input: &[i32]) {
        self.fired.clear();
        for (part, active) in [0..20, 20..N - 3].into_iter().zip(&mut self.active) {
            let mut context = BankContext::new(step, &mut self.overflow);
            *active += self.bank.step(part, &mut context, &[input], std::slice::from_mut(&mut self.fired));
        }
        self.fired.index.iter_mut().for_each(|i| *i += 3);
    }
}

/// Sparse input in bursts, with silence between them that is often longer than it takes to be asked.
fn input(step: u64, burst: u64, scale: u32, draws: &mut Draws) -> Vec<i32> {
    let loud = step % (burst + 40) < burst;
    let one = |draws: &mut Draws| i32::from(loud && draws.below(20) == 0) * ((draws.word() as i32) >> scale);
    (3..N).map(|_| one(draws)).collect()
}

proptest! {
    /// A share gives what its bank gives that is updated always: spikes, variables, activity by core, overflow. States are
    /// written and taken back in between.
    #[test]
    fn rest_shows_in_no_result(
        which in 0..6_usize,
        driven in any::<bool>(),
        named in 0..5_usize,
        (burst, scale) in (1..6_u64, 0..26_u32),
        seed in any::<u64>(),
    ) {
        let arithmetic = Arithmetic::named(Arithmetic::NAMES[named]).unwrap();
        let setting = Setting { arithmetic: &arithmetic, seed, place: 2 };
        let mut draws = Draws::new(seed, Purpose::STIMULUS, 0, 0);
        let model = model(which, driven, &mut draws);
        let bank = || model.bank(&setting, 3..N).unwrap().unwrap();
        let mut own = share(bank());
        let mut always = Always { bank: bank(), fired: Fired::default(), active: vec![0; 2], overflow: Overflow::default() };
        let (first, vars) = (always.bank.save(), model.vars().len());
        let mut sums = vec![0; FIRST + N];
        for step in 1..200 {
            let input = input(step, burst, scale, &mut draws);
            sums[FIRST..][..input.len()].copy_from_slice(&input);
            own.touched = input.iter().any(|x| *x != 0) || draws.below(4) == 0;
            always.step(step, &input);
            let mut loads = vec![Counts::default(); 2];
            own.fire(step, &mut sums, &mut loads);
            let fired = std::mem::take(&mut own.fired[0]);
            prop_assert_eq!((&fired, &own.active), (&always.fired, &always.active), "step {}", step);
            let all = |bank: &dyn Bank| (0..vars).map(|var| bank.get(var)).collect::<Vec<_>>();
            prop_assert_eq!(all(own.bank()), all(&*always.bank), "step {}", step);
            prop_assert_eq!(own.overflow.records(), always.overflow.records());
            prop_assert!(sums.iter().all(|sum| *sum == 0));
            if draws.below(60) == 0 {
                let values = vec![draws.below(5) as i32; N];
                let var = draws.below(2) as usize;
                own.set(var, &values).unwrap();
                always.bank.set(var, &values[3..]).unwrap();
            }
            if draws.below(90) == 0 {
                own.load(&first).unwrap();
                always.bank.load(&first).unwrap();
            }
        }
    }
}

/// Silent neurons are asked once and updated no more; input to one of them wakes its run alone, a written variable all runs.
#[test]
fn silence_is_passed_over_until_something_comes() {
    let arithmetic = Arithmetic::loihi1();
    let model = Lif { du: 4095.into(), dv: 4095.into(), vth: 9.into(), ..Lif::new(&[N]) };
    let setting = Setting { arithmetic: &arithmetic, seed: 0, place: 0 };
    let mut share = share(model.bank(&setting, 3..N).unwrap().unwrap());
    let mut sums = vec![0; FIRST + N];
    let mut steps = |share: &mut Share, range: Range<u64>, given: i32| {
        let mut spikes = Vec::new();
        for step in range {
            sums[FIRST + 30] = given;
            share.touched = given != 0;
            share.fire(step, &mut sums, &mut []);
            spikes.append(&mut share.fired[0].index);
        }
        (spikes, share.resting.clone())
    };
    let none = Vec::<u32>::new;
    assert_eq!(steps(&mut share, 1..ASKED, 0), (none(), vec![None, None]));
    assert_eq!(steps(&mut share, ASKED..ASKED + 1, 0), (none(), vec![Some(0), Some(0)]));
    assert_eq!(steps(&mut share, ASKED + 1..ASKED + 2, 50), (vec![33], vec![Some(0), None]));
    assert_eq!(steps(&mut share, ASKED + 2..3 * ASKED, 0), (none(), vec![Some(0), Some(0)]));
    // A bias above the threshold makes all fire in every step; one below it holds them at a fixed point, active as they are.
    share.set(3, &[700; N]).unwrap();
    assert_eq!(share.resting, [None, None]);
    let (spikes, resting) = steps(&mut share, 3 * ASKED..3 * ASKED + 1, 0);
    assert_eq!((spikes, resting), ((3..N as u32).collect(), vec![None, None]));
    share.set(3, &(0..N as i32).collect::<Vec<_>>()).unwrap();
    let (_, resting) = steps(&mut share, 3 * ASKED + 1..6 * ASKED, 0);
    assert_eq!(resting, [Some(20), Some(37)]);
}
