//! An encoder that sends what changed, and the ways to pack its messages.
//!
//! ```text
//! act'    = a_in << spike_exp
//! delta   = act' - act + residue
//! s       = delta if |delta| >= vth << spike_exp, else 0;  cut to num_bits << spike_exp if given
//! residue = delta - s
//! ```
//!
//! What is computed in one step leaves in the next. Receivers see the unpacked message; the variable `messages` is
//! the number of 32-bit words that the newest one took. `PACKED_4` and `DELTA_SPARSE_8` carry the low 8 bits of a
//! number, which receivers take as signed; numbers that do not fit are counted as wraps.
//!
//! Source: Lava 0.10 `lava/proc/io/encoder.py`. One difference: where the first number of a `DELTA_SPARSE_8` message
//! is at index 255, Lava's words decode to 256 (by its own decoder); ours begin with an empty entry, as Lava's do
//! from index 256 on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::neuron::bank::saved;
use crate::{
    Behaviour, Io, Kernel, Kind, ModelError, OverflowKind, PortSpec, Setting, Values, VarSpec, integer, length,
};

/// How a message is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Compression {
    /// All numbers, one word each.
    #[default]
    #[serde(rename = "DENSE")]
    Dense,
    /// One word of data and one of index for each number that is not zero.
    #[serde(rename = "SPARSE")]
    Sparse,
    /// Four 8-bit numbers per word.
    #[serde(rename = "PACKED_4")]
    Packed4,
    /// Four 8-bit numbers per word of data, and four 8-bit gaps per word of index.
    #[serde(rename = "DELTA_SPARSE_8")]
    DeltaSparse8,
}

/// A packed message: Lava's two arrays of a sparse port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Words of data.
    pub data: Vec<i32>,
    /// Words of index (for `PACKED_4` the odd words of data).
    pub index: Vec<i32>,
}

impl Packed {
    /// Number of 32-bit words.
    pub fn words(&self) -> usize {
        self.data.len() + self.index.len()
    }
}

/// The gap that marks a jump over `255 * data` elements.
const JUMP: u32 = 255;

impl Compression {
    /// Packs a message.
    pub fn pack(self, message: &[i32]) -> Packed {
        match self {
            Compression::Dense => Packed { data: message.to_vec(), index: Vec::new() },
            Compression::Sparse => {
                let (index, data) = entries(message).into_iter().map(|(i, x)| (i as i32, x)).unzip();
                Packed { data, index }
            }
            Compression::Packed4 => {
                let bytes: Vec<u8> = message.iter().map(|x| *x as u8).collect();
                let mut words = words_of(&bytes);
                words.resize(words.len().next_multiple_of(2), 0);
                Packed {
                    data: words.iter().step_by(2).copied().collect(),
                    index: words.iter().skip(1).step_by(2).copied().collect(),
                }
            }
            Compression::DeltaSparse8 => {
                let (gaps, data): (Vec<u8>, Vec<u8>) = gaps(message).into_iter().unzip();
                Packed { data: words_of(&data), index: words_of(&gaps) }
            }
        }
    }

    /// Unpacks a message of `n` elements; entries beyond are left out.
    pub fn unpack(self, packed: &Packed, n: usize) -> Vec<i32> {
        let mut message = vec![0; n];
        let mut put = |i: usize, x: i32| {
            if let Some(slot) = message.get_mut(i).filter(|_| x != 0) {
                *slot = x;
            }
        };
        let signed = |byte: u8| i32::from(byte as i8);
        match self {
            Compression::Dense => packed.data.iter().enumerate().for_each(|(i, x)| put(i, *x)),
            Compression::Sparse => packed.index.iter().zip(&packed.data).for_each(|(i, x)| put(*i as usize, *x)),
            Compression::Packed4 => {
                let words: Vec<i32> = packed.data.iter().zip(&packed.index).flat_map(|(a, b)| [*a, *b]).collect();
                bytes_of(&words).enumerate().for_each(|(i, byte)| put(i, signed(byte)));
            }
            Compression::DeltaSparse8 => {
                let mut next = 0;
                for (gap, byte) in bytes_of(&packed.index).zip(bytes_of(&packed.data)) {
                    if u32::from(gap) == JUMP {
                        next += usize::from(byte) * JUMP as usize;
                        continue;
                    }
                    next += usize::from(gap);
                    put(next, signed(byte));
                    next += 1;
                }
            }
        }
        message
    }

    /// The number as it arrives: whole, or the low 8 bits.
    const fn carried(self, x: i32) -> i32 {
        match self {
            Compression::Dense | Compression::Sparse => x,
            Compression::Packed4 | Compression::DeltaSparse8 => x as i8 as i32,
        }
    }
}

/// Index and value of what is not zero; one empty entry if all is.
fn entries(message: &[i32]) -> Vec<(u32, i32)> {
    let found: Vec<(u32, i32)> = (0..).zip(message.iter().copied()).filter(|(_, x)| *x != 0).collect();
    if found.is_empty() { vec![(0, 0)] } else { found }
}

/// Gaps and low bytes of data; a gap of 255 or more becomes jumps of up to 255 times 255, then the rest.
fn gaps(message: &[i32]) -> Vec<(u8, u8)> {
    let mut entries = entries(message);
    if entries[0].0 >= JUMP {
        entries.insert(0, (0, 0));
    }
    let mut packed = Vec::new();
    let mut next = 0;
    for (i, x) in entries {
        let gap = i - next;
        next = i + 1;
        let jumps = gap / JUMP;
        if jumps > 0 {
            packed.extend(std::iter::repeat_n((JUMP as u8, JUMP as u8), (jumps / JUMP) as usize));
            packed.push((JUMP as u8, (jumps % JUMP) as u8));
        }
        packed.push(((gap % JUMP) as u8, x as u8));
    }
    packed
}

/// Four bytes per word, the first lowest, filled with zeros.
fn words_of(bytes: &[u8]) -> Vec<i32> {
    let word = |chunk: &[u8]| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        i32::from_le_bytes(word)
    };
    bytes.chunks(4).map(word).collect()
}

fn bytes_of(words: &[i32]) -> impl Iterator<Item = u8> + '_ {
    words.iter().flat_map(|word| word.to_le_bytes())
}

/// Lava's `DeltaEncoder`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeltaEncoder {
    /// Shape of one message.
    pub shape: Vec<usize>,
    /// Threshold before `spike_exp`, at least 0.
    pub vth: f64,
    /// Power of two that scales input and threshold, `0..=7`.
    #[serde(default)]
    pub spike_exp: u32,
    /// Bits of what is sent, before `spike_exp`, `2..=24`; no limit if absent.
    #[serde(default)]
    pub num_bits: Option<u32>,
    /// How messages are packed.
    #[serde(default)]
    pub compression: Compression,
}

impl DeltaEncoder {
    /// An encoder without limit of bits, not packed.
    pub fn new(shape: &[usize], vth: f64) -> Self {
        DeltaEncoder { shape: shape.to_vec(), vth, spike_exp: 0, num_bits: None, compression: Compression::Dense }
    }

    fn check(&self) -> Result<(), ModelError> {
        if self.spike_exp > 7 {
            return Err(ModelError::range("spike_exp", self.spike_exp, "an integer in 0..=7"));
        }
        if let Some(bits) = self.num_bits.filter(|bits| !(2..=24).contains(bits)) {
            return Err(ModelError::range("num_bits", bits, "an integer in 2..=24"));
        }
        match self.vth >= 0.0 && self.vth.is_finite() {
            true => Ok(()),
            false => Err(ModelError::range("vth", self.vth, "a finite number of at least 0")),
        }
    }

    /// Ends of what is sent.
    fn ends(&self) -> (i32, i32) {
        match self.num_bits {
            Some(bits) => ((-1 << (bits - 1)) << self.spike_exp, ((1 << (bits - 1)) - 1) << self.spike_exp),
            None => (i32::MIN, i32::MAX),
        }
    }
}

/// The fixed kernel.
#[derive(Debug)]
struct Encoding {
    vth: i32,
    act: Vec<i32>,
    residue: Vec<i32>,
    sending: Vec<i32>,
    words: i32,
    spike_exp: u32,
    ends: (i32, i32),
    compression: Compression,
}

impl Kernel<i32> for Encoding {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<i32>]) {
        outputs[0].copy_from_slice(&self.sending);
    }

    fn step(&mut self, io: &mut Io<'_, i32>) {
        for (i, a) in io.inputs[0].iter().enumerate() {
            let act = a << self.spike_exp;
            let exact = i64::from(act) - i64::from(self.act[i]) + i64::from(self.residue[i]);
            let delta = exact as i32;
            let fire = delta.unsigned_abs() >= self.vth.unsigned_abs();
            let s = if fire { delta.clamp(self.ends.0, self.ends.1) } else { 0 };
            self.residue[i] = delta.wrapping_sub(s);
            self.act[i] = act;
            self.sending[i] = self.compression.carried(s);
            for (lost, variable, kind) in [
                (act >> self.spike_exp != *a, "act", OverflowKind::Wrap),
                (i64::from(delta) != exact, "residue", OverflowKind::Wrap),
                (fire && s != delta, "s_out", OverflowKind::Saturate),
                (self.sending[i] != s, "s_out", OverflowKind::Wrap),
            ] {
                io.overflow.note(variable, kind, u64::from(lost), io.step, i as u32);
            }
        }
        self.words = self.compression.pack(&self.sending).words() as i32;
    }

    fn get(&self, var: usize) -> Vec<i32> {
        match var {
            0 => vec![self.vth],
            1 => self.act.clone(),
            2 => self.residue.clone(),
            _ => vec![self.words],
        }
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        match var {
            0 if values[0] < 0 => return Err(ModelError::range("vth", values[0], "at least 0")),
            0 => self.vth = values[0],
            1 => self.act.copy_from_slice(values),
            2 => self.residue.copy_from_slice(values),
            _ => {
                let fault = "is a count and cannot be written".into();
                return Err(ModelError::Variable { variable: "messages".into(), fault });
            }
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        let scalars = vec![self.vth, self.words];
        [&scalars, &self.act, &self.residue, &self.sending].map(|all| Values::Int(all.clone())).to_vec()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.act.len();
        let (scalars, act) = (saved(state, 0, 2)?, saved(state, 1, n)?);
        let (residue, sending) = (saved(state, 2, n)?, saved(state, 3, n)?);
        (self.vth, self.words) = (scalars[0], scalars[1]);
        (self.act, self.residue, self.sending) = (act, residue, sending);
        Ok(())
    }
}

/// The float twin: the same rule on reals; a message is a list of reals and is not packed.
#[derive(Debug)]
struct RealEncoding {
    vth: f64,
    act: Vec<f64>,
    residue: Vec<f64>,
    sending: Vec<f64>,
    scale: f64,
    ends: Option<(f64, f64)>,
}

impl Kernel<f64> for RealEncoding {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<f64>]) {
        outputs[0].copy_from_slice(&self.sending);
    }

    fn step(&mut self, io: &mut Io<'_, f64>) {
        for (i, a) in io.inputs[0].iter().enumerate() {
            let delta = a * self.scale - self.act[i] + self.residue[i];
            let cut = self.ends.map_or(delta, |(low, high)| delta.max(low).min(high));
            self.sending[i] = if delta.abs() >= self.vth { cut } else { 0.0 };
            self.residue[i] = delta - self.sending[i];
            self.act[i] = a * self.scale;
        }
    }

    fn get(&self, var: usize) -> Vec<f64> {
        match var {
            0 => vec![self.vth],
            1 => self.act.clone(),
            2 => self.residue.clone(),
            _ => vec![self.sending.len() as f64],
        }
    }

    fn set(&mut self, var: usize, values: &[f64]) -> Result<(), ModelError> {
        match var {
            0 => self.vth = values[0],
            1 => self.act.copy_from_slice(values),
            2 => self.residue.copy_from_slice(values),
            _ => {
                let fault = "is a count and cannot be written".into();
                return Err(ModelError::Variable { variable: "messages".into(), fault });
            }
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        [&vec![self.vth], &self.act, &self.residue, &self.sending].map(|all| Values::Real(all.clone())).to_vec()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.act.len();
        let read = |k, n| super::saved_numbers::<f64>(state, k, n);
        let (vth, act, residue, sending) = (read(0, 1)?, read(1, n)?, read(2, n)?, read(3, n)?);
        (self.vth, self.act, self.residue, self.sending) = (vth[0], act, residue, sending);
        Ok(())
    }
}

impl Behaviour for DeltaEncoder {
    fn in_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("a_in", Kind::Activation, &self.shape)]
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("s_out", Kind::Graded, &self.shape)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        vec![
            VarSpec::new("vth", &[1]),
            VarSpec::new("act", &self.shape),
            VarSpec::new("residue", &self.shape),
            VarSpec::new("messages", &[1]),
        ]
    }

    fn buffered(&self) -> bool {
        true
    }

    fn fixed(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        self.check()?;
        let n = length(&self.shape);
        Ok(Box::new(Encoding {
            vth: integer("vth", self.vth, 0..=(1 << 23) - 1)? << self.spike_exp,
            act: vec![0; n],
            residue: vec![0; n],
            sending: vec![0; n],
            words: 0,
            spike_exp: self.spike_exp,
            ends: self.ends(),
            compression: self.compression,
        }))
    }

    fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        self.check()?;
        let n = length(&self.shape);
        let scale = f64::from(1 << self.spike_exp);
        let ends = self.ends();
        Ok(Box::new(RealEncoding {
            vth: self.vth * scale,
            act: vec![0.0; n],
            residue: vec![0.0; n],
            sending: vec![0.0; n],
            scale,
            ends: self.num_bits.map(|_| (f64::from(ends.0), f64::from(ends.1))),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::support::{run, run_fixed, run_float, setting};
    use crate::{Arithmetic, Overflow};
    use proptest::prelude::*;

    const ALL: [Compression; 4] =
        [Compression::Dense, Compression::Sparse, Compression::Packed4, Compression::DeltaSparse8];

    proptest! {
        /// Every packing brings back what it carries, over gaps of any length.
        #[test]
        fn messages_unpack(
            at in proptest::collection::btree_map(0usize..70_000, -128i32..128, 0..20),
            near in proptest::collection::btree_map(0usize..600, -128i32..128, 0..20),
            far in any::<bool>(),
        ) {
            let mut message = vec![0; if far { 70_000 } else { 600 }];
            (if far { at } else { near }).into_iter().for_each(|(i, x)| message[i] = x);
            for compression in ALL {
                let packed = compression.pack(&message);
                prop_assert_eq!(&compression.unpack(&packed, message.len()), &message, "{:?}", compression);
            }
        }

        /// Nothing is lost: what was sent and what is left over add up to the input; the twin agrees exactly.
        #[test]
        fn sums_of_deltas_follow_the_input(
            inputs in proptest::collection::vec(proptest::collection::vec(-100i32..100, 5), 1..20),
            vth in 0u32..30,
            spike_exp in 0u32..4,
            num_bits in proptest::option::of(2u32..9),
        ) {
            let encoder = DeltaEncoder { spike_exp, num_bits, ..DeltaEncoder::new(&[5], f64::from(vth)) };
            let a = Arithmetic::lava();
            let mut kernel = encoder.fixed(&setting(&a)).unwrap();
            let mut padded = inputs.clone();
            padded.push(inputs[inputs.len() - 1].clone());
            let sent = run(&encoder, kernel.as_mut(), &padded, &mut Overflow::default());
            let last = kernel.get(2);
            let mut outputs = vec![vec![0; 5]];
            kernel.emit(99, &mut outputs);
            for i in 0..5 {
                let sum: i32 = sent.iter().map(|row| row[i]).sum::<i32>() + outputs[0][i];
                prop_assert_eq!(sum + last[i], padded[padded.len() - 1][i] << spike_exp);
                prop_assert!(num_bits.is_some() || last[i].abs() < (vth as i32) << spike_exp || vth == 0);
            }
            let real = run_float(&encoder, &a, &padded);
            prop_assert!(real.concat().iter().zip(sent.concat()).all(|(y, x)| *y == f64::from(x)));
        }
    }

    /// Words worked out by hand from Lava's packing rules.
    #[test]
    fn words_are_lavas() {
        let message = [1, 0, -2, 3, 4];
        let packed = Compression::Packed4.pack(&message);
        assert_eq!(packed, Packed { data: vec![0x03FE_0001], index: vec![4] });
        assert_eq!(Compression::Sparse.pack(&[0, 5, 0]), Packed { data: vec![5], index: vec![1] });
        assert_eq!(Compression::Sparse.pack(&[0, 0]), Packed { data: vec![0], index: vec![0] });
        let mut message = vec![0; 1000];
        (message[3], message[4], message[700]) = (7, 8, 9);
        // Gaps 3, 0, then 695 = 2 * 255 + 185.
        let packed = Compression::DeltaSparse8.pack(&message);
        assert_eq!(packed.index, [i32::from_le_bytes([3, 0, 255, 185])]);
        assert_eq!(packed.data, [i32::from_le_bytes([7, 8, 2, 9])]);
        let mut message = vec![0; 400];
        message[300] = 1;
        // An empty entry at 0, then a gap of 299 = 255 + 44.
        let packed = Compression::DeltaSparse8.pack(&message);
        assert_eq!(packed.index, [i32::from_le_bytes([0, 255, 44, 0])]);
        assert_eq!(packed.data, [i32::from_le_bytes([0, 1, 1, 0])]);
    }

    #[test]
    fn eight_bits_carry_what_they_can_and_say_what_they_cannot() {
        let a = Arithmetic::lava();
        let packed = DeltaEncoder { compression: Compression::Packed4, ..DeltaEncoder::new(&[2], 1.0) };
        let mut kernel = packed.fixed(&setting(&a)).unwrap();
        let mut overflow = Overflow::default();
        let sent = run(&packed, kernel.as_mut(), &[vec![300, -5], vec![300, -5]], &mut overflow);
        assert_eq!(sent, [[0, 0], [44, -5]]);
        let records = overflow.records();
        assert_eq!((records.len(), records[0].count, records[0].first_step), (1, 1, 1));
        assert_eq!(kernel.get(3), [2]);
        let mut cut = DeltaEncoder { num_bits: Some(4), ..DeltaEncoder::new(&[1], 1.0) };
        assert_eq!(run_fixed(&cut, &a, &vec![vec![20]; 5]).concat(), [0, 7, 7, 6, 0]);
        cut.num_bits = Some(1);
        assert!(cut.fixed(&setting(&a)).unwrap_err().to_string().contains("`num_bits` is 1"));
    }

    /// A change that 32 bits do not hold loses its high bits, and says so.
    #[test]
    fn changes_beyond_32_bits_are_counted() {
        let a = Arithmetic::lava();
        let encoder = DeltaEncoder::new(&[2], 1.0);
        let mut kernel = encoder.fixed(&setting(&a)).unwrap();
        let mut overflow = Overflow::default();
        let inputs = [vec![1 << 30, i32::MAX], vec![-(1 << 30), -2], vec![-(1 << 30), -2]];
        let sent = run(&encoder, kernel.as_mut(), &inputs, &mut overflow);
        assert_eq!(sent[1..], [[1 << 30, i32::MAX], [i32::MIN, i32::MAX]]);
        let records = overflow.records();
        let said: Vec<_> = records.iter().map(|r| (&r.variable[..], r.count, r.first_step, r.first_index)).collect();
        assert_eq!(said, [("residue", 1, 2, 1)]);
    }
}
