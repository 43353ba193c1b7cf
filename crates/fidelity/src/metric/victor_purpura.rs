//! Victor–Purpura distance: the least cost to turn one train into the other.
//!
//! Adding or removing a spike costs 1, moving it by one step costs `q`. With q = 0 it is the difference of the counts,
//! with a large q the number of spikes that are not in both. Source: Victor and Purpura, J Neurophysiol 76:1310, 1996.

/// The distance of two trains for a cost `[1/step]`.
pub fn victor_purpura(a: &[f64], b: &[f64], cost: f64) -> f64 {
    let mut row: Vec<f64> = (0..=b.len()).map(|j| j as f64).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i as f64 + 1.0;
        for (j, y) in b.iter().enumerate() {
            let moved = diagonal + cost * (x - y).abs();
            diagonal = row[j + 1];
            row[j + 1] = moved.min(row[j] + 1.0).min(diagonal + 1.0);
        }
    }
    row[b.len()]
}
