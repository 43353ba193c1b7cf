//! Two-dimensional convolutions as pairs of neurons.

use crate::yaml::{Fault, Node};

/// Sizes of a convolution without padding. Neurons are numbered by channel, row, column; weights by row and column of the
/// kernel, input channel, output channel.
#[derive(Debug)]
pub(crate) struct Convolution {
    input: [u32; 2],
    channels: u32,
    kernel: [u32; 2],
    count: u32,
    stride: [u32; 2],
}

impl Convolution {
    /// Keys of an edge that others than [`Convolution::read`] do not read.
    pub(crate) const KEYS: [&str; 10] = [
        "type",
        "source_target_pairs",
        "input_width",
        "input_height",
        "input_channels",
        "kernel_width",
        "kernel_height",
        "kernel_count",
        "stride_width",
        "stride_height",
    ];

    /// Reads the sizes; strides are 1 if they are not given.
    pub(crate) fn read(node: &Node) -> Result<Convolution, Fault> {
        let size = |key| {
            let value = node.get(key)?;
            match value.whole()? {
                0 => Err(value.fault(format!("`{key}` is 0, allowed is 1 or more"))),
                n => Ok(n),
            }
        };
        let stride = |key| if node.find(key)?.is_some() { size(key) } else { Ok(1) };
        Ok(Convolution {
            input: [size("input_height")?, size("input_width")?],
            channels: size("input_channels")?,
            kernel: [size("kernel_height")?, size("kernel_width")?],
            count: size("kernel_count")?,
            stride: [stride("stride_height")?, stride("stride_width")?],
        })
    }

    /// Source, target and number of the weight of every edge between groups of these sizes.
    pub(crate) fn pairs(&self, (have_in, have_out): (u32, u32)) -> Result<Vec<(u32, u32, usize)>, String> {
        let [h, w] = self.input;
        let [kh, kw] = self.kernel;
        if kh > h || kw > w {
            return Err(format!("a kernel of {kh} by {kw} does not lie on an input of {h} by {w}"));
        }
        let [out_h, out_w] = [(h - kh) / self.stride[0] + 1, (w - kw) / self.stride[1] + 1];
        let product = |sizes: [u32; 3]| sizes.iter().try_fold(1u32, |n, size| n.checked_mul(*size));
        for (what, sizes, have) in
            [("reads", [self.channels, h, w], have_in), ("makes", [self.count, out_h, out_w], have_out)]
        {
            if product(sizes) != Some(have) {
                let [c, y, x] = sizes;
                return Err(format!("the convolution {what} {c} channels of {y} by {x}, the group has {have} neurons"));
            }
        }
        let mut all = Vec::new();
        for (y, x) in (0..out_h).flat_map(|y| (0..out_w).map(move |x| (y, x))) {
            for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
                let at = (y * self.stride[0] + ky) * w + x * self.stride[1] + kx;
                for c in 0..self.channels {
                    let weight = ((ky * kw + kx) * self.channels + c) as usize * self.count as usize;
                    let source = c * h * w + at;
                    let target = |k: u32| (k * out_h + y) * out_w + x;
                    all.extend((0..self.count).map(|k| (source, target(k), weight + k as usize)));
                }
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(sizes: [u32; 8]) -> String {
        let [h, w, c, kh, kw, count, sh, sw] = sizes;
        format!(
            "{{input_height: {h}, input_width: {w}, input_channels: {c}, kernel_height: {kh}, kernel_width: {kw}, \
             kernel_count: {count}, stride_height: {sh}, stride_width: {sw}}}"
        )
    }

    fn read(sizes: [u32; 8]) -> Convolution {
        Convolution::read(&Node::parse(&text(sizes)).unwrap()).unwrap()
    }

    /// As recorded of SANA-FE 2.2.9 on an input of 2 channels of 2 by 1, and two kernels of 2 by 1.
    #[test]
    fn weights_lie_as_recorded() {
        let mut pairs = read([2, 1, 2, 2, 1, 2, 1, 1]).pairs((4, 2)).unwrap();
        pairs.sort_unstable();
        assert_eq!(pairs, [(0, 0, 0), (0, 1, 1), (1, 0, 4), (1, 1, 5), (2, 0, 2), (2, 1, 3), (3, 0, 6), (3, 1, 7)]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        let plain = read([3, 3, 1, 2, 2, 1, 1, 1]);
        assert!(plain.pairs((9, 4)).is_ok() && plain.pairs((8, 4)).is_err() && plain.pairs((9, 5)).is_err());
        assert!(read([2, 2, 1, 3, 1, 1, 1, 1]).pairs((4, 1)).unwrap_err().contains("3 by 1"));
        assert!(Convolution::read(&Node::parse(&text([3, 3, 1, 0, 2, 1, 1, 1])).unwrap()).is_err());
    }

    proptest! {
        /// Every output sees each place of its kernel in each channel once, and nothing outside of the input.
        #[test]
        fn every_output_has_its_whole_kernel(
            (h, w, c, count) in (1u32..7, 1u32..7, 1u32..4, 1u32..4),
            (kh, kw, sh, sw) in (1u32..4, 1u32..4, 1u32..4, 1u32..4),
        ) {
            prop_assume!(kh <= h && kw <= w);
            let (out_h, out_w) = ((h - kh) / sh + 1, (w - kw) / sw + 1);
            let all = read([h, w, c, kh, kw, count, sh, sw]).pairs((c * h * w, count * out_h * out_w)).unwrap();
            prop_assert_eq!(all.len() as u32, count * out_h * out_w * kh * kw * c);
            for (source, target, weight) in all {
                let (channel, y, x) = (source / (h * w), source / w % h, source % w);
                let (k, oy, ox) = (target / (out_h * out_w), target / out_w % out_h, target % out_w);
                let (ky, kx) = (y - oy * sh, x - ox * sw);
                prop_assert!(ky < kh && kx < kw);
                prop_assert_eq!(weight as u32, ((ky * kw + kx) * c + channel) * count + k);
            }
        }
    }
}
