//! Names with ranges: `core[0..3]` stands for four.

/// A name with a range stands for several: `core[0..3]`. Returns how many.
pub(crate) fn copies(name: &str) -> Result<u32, String> {
    let Some((_, range)) = name.split_once('[') else { return Ok(1) };
    let ends = range.strip_suffix(']').and_then(|range| range.split_once(".."));
    let ends = ends.and_then(|(first, last)| Some((first.parse::<u32>().ok()?, last.parse::<u32>().ok()?)));
    match ends {
        Some((first, last)) if first <= last => Ok((last - first).saturating_add(1)),
        _ => Err(format!("`{name}` has no range like [0..3]")),
    }
}

/// Whether a unit of this name (perhaps with a range) is the one asked for, such as `loihi_inputs[3]`.
pub(crate) fn is_called(name: &str, wanted: &str) -> bool {
    let (base, range) = name.split_once('[').unwrap_or((name, ""));
    match wanted.split_once('[') {
        None => name == wanted,
        Some((wanted_base, number)) if !range.is_empty() && base == wanted_base => {
            let ends = range.strip_suffix(']').and_then(|range| range.split_once(".."));
            let ends = ends.and_then(|(a, b)| Some(a.parse::<u32>().ok()?..=b.parse::<u32>().ok()?));
            let number = number.strip_suffix(']').and_then(|number| number.parse::<u32>().ok());
            ends.zip(number).is_some_and(|(ends, number)| ends.contains(&number)) || name == wanted
        }
        Some(_) => name == wanted,
    }
}

/// How many of the units that a name stands for come before the one asked for.
pub(crate) fn place_of(name: &str, wanted: &str) -> u32 {
    let first = name.split_once('[').and_then(|(_, range)| range.split_once(".."));
    let number = wanted.split_once('[').and_then(|(_, number)| number.strip_suffix(']'));
    let ends = first.zip(number).and_then(|((a, _), n)| Some((a.parse::<u32>().ok()?, n.parse::<u32>().ok()?)));
    ends.map_or(0, |(first, number)| number.saturating_sub(first))
}

/// One unit of those that a name stands for: the one asked for, else the first.
pub(crate) fn one_of(name: &str, wanted: Option<&str>) -> String {
    match (wanted, name.split_once('[')) {
        (None, Some((base, range))) => format!("{base}[{}]", range.split("..").next().unwrap_or_default()),
        _ => wanted.unwrap_or(name).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_ranges_stand_for_several() {
        assert_eq!(copies("tile[0..31]"), Ok(32));
        assert_eq!(copies("core"), Ok(1));
        assert!(copies("core[3..0]").is_err() && copies("core[x]").is_err());
        assert!(is_called("in[0..7]", "in[3]") && !is_called("in[0..7]", "in[8]") && is_called("lif", "lif"));
        assert!(!is_called("in[0..7]", "other[3]"));
        assert_eq!(["in[2..7]", "in[2]", "in[5]", ""].map(|wanted| place_of("in[2..7]", wanted)), [0, 0, 3, 0]);
        assert_eq!(one_of("in[2..7]", None), one_of("in[2..7]", Some("in[2]")));
        assert_eq!((one_of("lif", None), one_of("in[2..7]", Some("in[3]"))), ("lif".into(), "in[3]".into()));
    }
}
