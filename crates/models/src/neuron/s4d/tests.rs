use proptest::prelude::*;

use super::*;
use crate::neuron::golden::step;
use crate::{Arithmetic, Overflow};

fn float(model: &dyn Behaviour) -> Box<dyn Kernel<f64>> {
    let a = Arithmetic::lava();
    model.float(&Setting { arithmetic: &a, seed: 0, place: 0 }).unwrap()
}

fn oscillator(radius: f64, angle: f64) -> Complex {
    Complex::Parts { re: (radius * angle.cos()).into(), im: (radius * angle.sin()).into() }
}

#[test]
fn there_is_no_fixed_form_and_the_error_says_what_to_do() {
    let model =
        S4d { shape: vec![1], a: 0.5.into(), b: 1.0.into(), c: 1.0.into(), s4_state: nothing(), s4_exp: 0, inp_exp: 0 };
    let a = Arithmetic::lava();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let text = model.fixed(&setting).unwrap_err().to_string();
    assert_eq!(text, "S4d has no fixed model; run it in floating point, beside the cores");
    assert!(model.bank(&setting, 0..1).unwrap().is_err());
    let json = serde_json::json!({"shape": [1], "vth": 0, "a": {"re": 0.5, "im": [0.1]}, "b": 1, "c": 1});
    assert!(matches!(serde_json::from_value::<SigmaS4dDelta>(json).unwrap().a, Complex::Parts { .. }));
}

proptest! {
    /// The impulse response of a damped oscillator is `2 Re(c b a^t)`, in closed form by magnitude and angle.
    #[test]
    fn an_impulse_rings_as_the_closed_form_says(radius in 0.2f64..1.0, angle in -3.0f64..3.0, turn in -3.0f64..3.0) {
        let model = S4d { shape: vec![1], a: oscillator(radius, angle), b: 2.0.into(), c: oscillator(1.5, turn), s4_state: nothing(), s4_exp: 0, inp_exp: 0 };
        let mut kernel = float(&model);
        for t in 0..40 {
            let input = f64::from(u8::from(t == 0));
            let out = step(&mut *kernel, &model, t + 1, &[vec![input]], &mut Overflow::default())[0][0];
            let want = 2.0 * 1.5 * 2.0 * radius.powi(t as i32) * (angle * t as f64 + turn).cos();
            prop_assert!((out - want).abs() < 1e-9, "{out} {want} at {t}");
        }
    }

    /// With a threshold of 0 the decoder of the output is the output of the matrices driven by the decoded input; with
    /// a threshold it stays within it.
    #[test]
    fn the_coded_form_tracks_the_plain_one(
        radius in 0.2f64..0.95, angle in -3.0f64..3.0, vth in prop::sample::select(vec![0.0, 0.4]),
        input in prop::collection::vec(-1.0f64..1.0, 1..60),
    ) {
        let plain = S4d { shape: vec![1], a: oscillator(radius, angle), b: 0.5.into(), c: oscillator(1.0, 0.3), s4_state: nothing(), s4_exp: 0, inp_exp: 0 };
        let coded = SigmaS4dDelta { shape: vec![1], vth: vth.into(), a: plain.a.clone(), b: plain.b.clone(), c: plain.c.clone(), state_exp: 0, s4_exp: 0 };
        let (mut one, mut two, mut sum, mut decoded, mut sent) = (float(&plain), float(&coded), 0.0, 0.0, 0);
        for (t, x) in input.iter().enumerate() {
            sum += x;
            let mut o = Overflow::default();
            let want = step(&mut *one, &plain, t as u64 + 1, &[vec![sum]], &mut o)[0][0];
            let out = step(&mut *two, &coded, t as u64 + 1, &[vec![*x]], &mut o)[0][0];
            decoded += out;
            sent += usize::from(out != 0.0);
            prop_assert!((decoded - want).abs() <= vth + 1e-9, "{decoded} {want}");
        }
        prop_assert!(vth > 0.0 || sent > 0);
    }
}
