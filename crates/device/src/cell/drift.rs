//! Power-law drift and 1/f read noise, shared by the phase-change models.
//!
//! ```text
//! g(t) = g_p · ((t + t0)/t0)^−ν,  ν = |μ + σ ξ|      one ν per programming
//! σ_r  = g(t) · Q · sqrt(ln((t + t0 + t_r) / (2 t_r)))
//! ```
//!
//! Nandakumar et al., ICECS 2019; Joshi et al., Nat. Commun. 11, 2020.

/// `sqrt(ln((t + t_r) / (2 t_r)))`: 1/f noise accumulated up to `t`.
pub(super) fn accumulated(t_s: f64, t_read_s: f64) -> f64 {
    ((t_s + t_read_s) / (2.0 * t_read_s)).ln().max(0.0).sqrt()
}

/// The factor by which a cell has drifted.
pub(super) fn drifted(age_s: f64, t0_s: f64, nu: f64) -> f64 {
    ((age_s.max(0.0) + t0_s) / t0_s).powf(-nu)
}

/// One drift exponent.
pub(super) fn exponent(mean: f64, sigma: f64, xi: f64) -> f64 {
    (mean + sigma * xi).abs()
}
