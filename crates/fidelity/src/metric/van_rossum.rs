//! Van Rossum distance: both trains smoothed by a decaying exponential, and the norm of their difference.
//!
//! ```text
//! D² = k(a, a) + k(b, b) - 2 k(a, b),   k(a, b) = Σ_i Σ_j exp(-|a_i - b_j| / τ)
//! ```
//!
//! One spike against none is at distance 1, two lone spikes far apart at √2. Sources: van Rossum, Neural Computation
//! 13:751, 2001; the sum in linear time: Houghton and Kreuz, Network 23:48, 2012. Scaled as in Elephant.

/// `k(a, b)` of two sorted trains, in one pass.
fn kernel(a: &[f64], b: &[f64], tau: f64) -> f64 {
    // Every pair is counted by its later spike; `held` are the decayed sums of all earlier spikes.
    let (mut i, mut j, mut now) = (0, 0, 0.0);
    let (mut held_a, mut held_b, mut sum) = (0.0, 0.0, 0.0);
    while i < a.len() || j < b.len() {
        let next = a.get(i).copied().unwrap_or(f64::INFINITY).min(b.get(j).copied().unwrap_or(f64::INFINITY));
        let fade = (-(next - now) / tau).exp();
        (held_a, held_b, now) = (held_a * fade, held_b * fade, next);
        let (mut new_a, mut new_b) = (0.0, 0.0);
        while a.get(i) == Some(&next) {
            (new_a, i) = (new_a + 1.0, i + 1);
        }
        while b.get(j) == Some(&next) {
            (new_b, j) = (new_b + 1.0, j + 1);
        }
        sum += new_a * held_b + new_b * held_a + new_a * new_b;
        (held_a, held_b) = (held_a + new_a, held_b + new_b);
    }
    sum
}

/// The distance of two trains for a time constant `[steps]`.
pub fn van_rossum(a: &[f64], b: &[f64], tau: f64) -> f64 {
    let square = kernel(a, a, tau) + kernel(b, b, tau) - 2.0 * kernel(a, b, tau);
    // Equal trains leave the rounding of the sums behind.
    square.max(0.0).sqrt()
}
