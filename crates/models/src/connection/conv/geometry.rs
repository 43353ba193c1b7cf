//! Shapes and positions of a convolution.

use crate::length;

/// One axis of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) size: usize,
    pub(super) kernel: usize,
    pub(super) padding: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    pub(super) out: usize,
}

impl Axis {
    /// For each position of the input, which element of the kernel brings it to which position of the output.
    pub(super) fn taps(self) -> Vec<Vec<(usize, usize)>> {
        let of = |x: usize| {
            let tap = |i: usize| {
                let ahead = (x + self.padding).checked_sub((self.kernel - 1 - i) * self.dilation)?;
                let out = ahead / self.stride;
                (ahead.is_multiple_of(self.stride) && out < self.out).then_some((i, out))
            };
            (0..self.kernel).filter_map(tap).collect()
        };
        (0..self.size).map(of).collect()
    }

    /// The position of the input that element `i` brings to position `out` of the output, if it is inside.
    pub(super) fn source(self, out: usize, i: usize) -> Option<usize> {
        let padded = out * self.stride + (self.kernel - 1 - i) * self.dilation;
        padded.checked_sub(self.padding).filter(|x| *x < self.size)
    }
}

/// Shapes and positions of a convolution.
#[derive(Clone, Debug)]
pub(in crate::connection) struct Geometry {
    pub(super) input: [usize; 3],
    /// `(C_out, W, H, C_in / groups)`.
    pub(super) kernel: [usize; 4],
    pub(super) groups: usize,
    pub(super) axes: [Axis; 2],
}

pub(super) type Taps = [Vec<Vec<(usize, usize)>>; 2];

impl Geometry {
    pub(in crate::connection) fn output(&self) -> [usize; 3] {
        [self.axes[0].out, self.axes[1].out, self.kernel[0]]
    }

    pub(super) fn taps(&self) -> Taps {
        self.axes.map(Axis::taps)
    }

    /// Output channels per group.
    pub(super) fn per_group(&self) -> usize {
        self.kernel[0] / self.groups
    }

    /// Place of weight `(i, j)` of input channel `c` for the first output channel of its group: the output
    /// channels of a group lie side by side.
    pub(super) fn place(&self, i: usize, j: usize, c: usize) -> usize {
        ((i * self.kernel[2] + j) * self.input[2] + c) * self.per_group()
    }

    /// For each weight in the order in which they are given, its place.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let [n_out, w, h, cg] = self.kernel;
        let shape = [n_out, w, h, cg];
        (0..length(&shape)).map(move |k| {
            let (c, j, i, o) = (k % cg, k / cg % h, k / (cg * h) % w, k / (cg * h * w));
            let group = o / self.per_group();
            self.place(i, j, c + group * cg) + o % self.per_group()
        })
    }
}
