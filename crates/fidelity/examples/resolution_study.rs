//! A balanced network with coarse weights against full resolution.

use pumice_fidelity::study::resolution_study;

fn main() -> Result<(), pumice_fidelity::FidelityError> {
    println!("{:<14}{:>12}{:>12}{:>22}", "weights", "mean rate", "KS to full", "KS of another seed");
    for b in resolution_study(3000)? {
        println!("{:<14}{:>12.4}{:>12.3}{:>22.3}", format!("{:?}", b.resolution), b.rate, b.rate_ks, b.seed_ks);
    }
    Ok(())
}
