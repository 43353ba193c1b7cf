//! Decision agreement: the part of the samples to which two runs gave the same answer.

/// The part of equal answers, `0..=1`; 1 where there is nothing to decide. Compares as many as both have.
pub fn agreement(a: &[usize], b: &[usize]) -> f64 {
    let n = a.len().min(b.len());
    match n {
        0 => 1.0,
        _ => a.iter().zip(b).filter(|(x, y)| x == y).count() as f64 / n as f64,
    }
}
