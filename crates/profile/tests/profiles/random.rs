//! Whatever the text, reading a profile ends with a profile or a sentence.

use proptest::prelude::*;
use pumice_profile::Profile;

use crate::SMALL;

/// Pieces that change meaning: other types, ends of ranges, broken syntax.
const PIECES: [&str; 16] = [
    "0",
    "-1",
    "1e999",
    "nan",
    "inf",
    "\"\"",
    "[]",
    "{}",
    "true",
    "9223372036854775807",
    "4294967296",
    "\n",
    "]",
    "=",
    "\u{0}",
    "µ",
];

/// One sentence, naming the file.
fn is_a_sentence(text: &str) -> bool {
    text.starts_with("hw.toml") && !text.contains('\n') && !text.ends_with('.')
}

fn read(text: &str) -> Result<(), TestCaseError> {
    match Profile::from_text("hw.toml", text) {
        Ok(profile) => {
            prop_assert!(profile.check().is_ok());
            prop_assert!(!profile.show().is_empty());
        }
        Err(error) => prop_assert!(is_a_sentence(&error.to_string()), "{error}"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Bytes of a valid profile are overwritten, cut and repeated.
    #[test]
    fn mutated_text_never_panics(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3u8, 0..PIECES.len()), 1..4)) {
        let mut text: Vec<char> = SMALL.chars().collect();
        for (from, to, act, piece) in edits {
            let (a, b) = (from.index(text.len()), to.index(text.len()));
            let (a, b) = (a.min(b), a.max(b).min(a.min(b) + 40));
            match act {
                0 => drop(text.splice(a..b, PIECES[piece].chars())),
                1 => drop(text.drain(a..b)),
                _ => { let part: Vec<char> = text[a..b].to_vec(); drop(text.splice(b..b, part)); }
            }
            if text.is_empty() { text.push('#'); }
        }
        read(&text.into_iter().collect::<String>())?;
    }

    /// The value of one line is replaced, which keeps the syntax valid more often.
    #[test]
    fn mutated_values_never_panic(line in any::<prop::sample::Index>(), piece in 0..PIECES.len()) {
        let mut lines: Vec<String> = SMALL.lines().map(str::to_owned).collect();
        let place = line.index(lines.len());
        if let Some((key, _)) = lines[place].split_once('=') {
            lines[place] = format!("{key}= {}", PIECES[piece]);
        }
        read(&lines.join("\n"))?;
    }

    /// One number inside a line is replaced.
    #[test]
    fn mutated_numbers_never_panic(number in any::<prop::sample::Index>(), piece in 0..PIECES.len()) {
        let digits: Vec<usize> = SMALL.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
        let at = digits[number.index(digits.len())];
        read(&format!("{}{}{}", &SMALL[..at], PIECES[piece], &SMALL[at + 1..]))?;
    }
}
