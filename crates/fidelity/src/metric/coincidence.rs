//! Spike lag and coincidence: which spikes of two trains belong together, and how far apart they are.
//!
//! ```text
//! Γ = (N_pairs - 2 ν Δ N_a) / (½ (N_a + N_b)) / (1 - 2 ν Δ),   ν = N_b / T
//! ```
//!
//! Γ is 1 for equal trains and 0 on average for Poisson trains of equal rate. Source: Kistler, Gerstner, van Hemmen,
//! Neural Computation 9:1015, 1997; Jolivet et al., J Neurosci Methods 169:417, 2008.

use serde::Serialize;

/// Which spikes of two trains pair up within a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Coincidence {
    /// Spikes of both trains that have a partner, over all spikes of both; 1 if there is no spike.
    pub matched: f64,
    /// Mean of `b - a` over pairs `[steps]`; 0 if there is no pair.
    pub mean_lag_steps: f64,
    /// Largest `|b - a|` over pairs `[steps]`.
    pub largest_lag_steps: f64,
    /// The coincidence factor Γ; `None` where the window covers all of the time or there is no spike.
    pub factor: Option<f64>,
}

/// Pairs of spikes within `window` steps, each spike in one pair at most.
///
/// Trains are sorted, so taking the earliest partner for each spike gives as many pairs as there can be.
pub fn pairs(a: &[f64], b: &[f64], window: f64) -> Vec<(f64, f64)> {
    let (mut found, mut j) = (Vec::new(), 0);
    for x in a {
        while j < b.len() && b[j] < x - window {
            j += 1;
        }
        if j < b.len() && b[j] <= x + window {
            found.push((*x, b[j]));
            j += 1;
        }
    }
    found
}

/// Coincidence of two trains of `length` steps within `window` steps.
pub fn coincidence(a: &[f64], b: &[f64], window: f64, length: f64) -> Coincidence {
    let paired = pairs(a, b, window);
    let (n, na, nb) = (paired.len() as f64, a.len() as f64, b.len() as f64);
    if na + nb == 0.0 {
        return Coincidence { matched: 1.0, ..Coincidence::default() };
    }
    let covered = 2.0 * nb / length * window;
    let factor = (n - covered * na) / (0.5 * (na + nb)) / (1.0 - covered);
    Coincidence {
        matched: 2.0 * n / (na + nb),
        mean_lag_steps: paired.iter().map(|(x, y)| y - x).sum::<f64>() / n.max(1.0),
        largest_lag_steps: paired.iter().fold(0.0, |most, (x, y)| most.max((y - x).abs())),
        factor: (covered < 1.0).then_some(factor),
    }
}
