//! `conformance SUITE DIR`: one line per case that differs, then `N passed, M failed`.
//!
//! Exit code 0 if all cases pass, 1 if some fail (also those whose file cannot be read or has what is not known here),
//! 2 if it was called wrongly or the folder has no cases.

use std::path::Path;
use std::process::ExitCode;

use pumice_conformance::{Case, ReadError, suite};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, folder] = arguments.as_slice() else {
        eprintln!("two arguments are needed, a suite and a folder with its case files: conformance SUITE DIR");
        return ExitCode::from(2);
    };
    match replay(name, Path::new(folder)) {
        Ok(cases) => report(&cases),
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::from(2)
        }
    }
}

fn replay(name: &str, folder: &Path) -> Result<Vec<Case>, ReadError> {
    (suite(name)?.replay)(folder)
}

fn report(cases: &[Case]) -> ExitCode {
    let failed: Vec<&Case> = cases.iter().filter(|case| case.fault.is_some()).collect();
    for case in &failed {
        println!("{case}");
    }
    println!("{} passed, {} failed", cases.len() - failed.len(), failed.len());
    ExitCode::from(u8::from(!failed.is_empty()))
}
