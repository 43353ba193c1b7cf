//! Numbers as people read them.

/// Writes a value with an SI prefix and three digits, as in `41.2 µJ`; zero and values without a prefix as they are.
pub fn si(value: f64, unit: &str) -> String {
    const PREFIXES: [(f64, &str); 10] = [
        (1e12, "T"),
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, "µ"),
        (1e-9, "n"),
        (1e-12, "p"),
        (1e-15, "f"),
    ];
    if value == 0.0 || !value.is_finite() {
        return format!("{value} {unit}").trim_end().to_owned();
    }
    // 999.5 of one prefix would be written as 1000, so it is 1.00 of the next.
    let fits = |(scale, _): &(f64, &str)| value.abs() >= scale * 0.9995;
    let (scale, prefix) = PREFIXES.into_iter().find(fits).unwrap_or((1e-15, "f"));
    let x = value / scale;
    let digits = match x.abs() {
        x if x >= 99.95 => 0,
        x if x >= 9.995 => 1,
        _ => 2,
    };
    format!("{x:.digits$} {prefix}{unit}").trim_end().to_owned()
}

/// Writes a count with a comma after every third digit, as in `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a count with its noun, as in `1 core` and `2 cores`.
pub fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// Writes a part of a whole as in `97.22 %`.
pub fn percent(part: f64) -> String {
    format!("{:.2} %", part * 100.0)
}

/// Writes how full something is as in `38 %`; a little more than nothing is `<1 %`.
pub fn fullness(part: f64) -> String {
    match part * 100.0 {
        p if p > 0.0 && p < 0.5 => "<1 %".into(),
        p => format!("{p:.0} %"),
    }
}

/// A bar of `width` characters for a part of a whole in `0..=1`, in eighths of a character.
pub fn bar(part: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let part = if part.is_nan() { 0.0 } else { part.clamp(0.0, 1.0) };
    let least = usize::from(part > 0.0);
    let eighths = ((part * (width * 8) as f64).round() as usize).max(least);
    let mut text = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    text.extend(std::iter::repeat_n(' ', width - text.chars().count()));
    text
}

/// One character for a part of a whole in `0..=1`.
pub(crate) fn block(part: f64) -> char {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    BLOCKS[((part.clamp(0.0, 1.0) * 8.0).ceil() as usize).saturating_sub(1).min(7)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_three_digits_and_a_prefix() {
        let cases = [
            (4.123e-5, "41.2 µJ"),
            (9.996e-7, "1.00 µJ"),
            (9.994e-7, "999 nJ"),
            (0.0, "0 J"),
            (23.6e-12, "23.6 pJ"),
            (1.0, "1.00 J"),
            (2.6e-17, "0.03 fJ"),
        ];
        for (value, text) in cases {
            assert_eq!(si(value, "J"), text);
        }
        assert_eq!(si(1.93e6, ""), "1.93 M");
        assert_eq!((count(0), count(999), count(1_234_567)), ("0".into(), "999".into(), "1,234,567".into()));
        assert_eq!((counted(1, "core"), counted(2, "core")), ("1 core".into(), "2 cores".into()));
        assert_eq!((fullness(0.001), fullness(0.0), fullness(1.0)), ("<1 %".into(), "0 %".into(), "100 %".into()));
    }

    #[test]
    fn bars_grow_by_eighths() {
        assert_eq!(bar(0.0, 2), "  ");
        assert_eq!(bar(1e-9, 2), "▏ ", "a little more than nothing is seen");
        assert_eq!(bar(0.5625, 2), "█▏");
        assert_eq!(bar(1.0, 2), "██");
        assert_eq!((block(0.0), block(0.126), block(1.0)), ('▁', '▂', '█'));
    }

    proptest! {
        /// A bar always has its width, and three digits are never off by more than half a unit of the last.
        #[test]
        fn text_keeps_width_and_value(part in -1.0..2.0f64, width in 1usize..20, value in 1e-14..1e12f64) {
            prop_assert_eq!(bar(part, width).chars().count(), width);
            let text = si(value, "J");
            let (number, unit) = text.split_once(' ').unwrap();
            let scale = match unit { "TJ" => 1e12, "GJ" => 1e9, "MJ" => 1e6, "kJ" => 1e3, "J" => 1.0, "mJ" => 1e-3,
                "µJ" => 1e-6, "nJ" => 1e-9, "pJ" => 1e-12, _ => 1e-15 };
            let read = number.parse::<f64>().unwrap() * scale;
            prop_assert!((read - value).abs() <= value * 0.0051, "{value} was written as {text}");
        }
    }
}
