//! Words that the tables share.

use benches::Shape;

/// What a table is about.
pub(crate) fn title(shape: Shape) -> &'static str {
    match shape {
        Shape::Tiny => "tiny body, two arguments",
        Shape::Short => "body of about 20 ns, two arguments",
        Shape::Sort => "qsort of ints",
        Shape::Reading => "structure of 40 bytes by value",
        Shape::Eight => "eight arguments",
    }
}

/// The verdict beside a bound.
pub(crate) fn verdict(holds: bool) -> &'static str {
    if holds { "ok" } else { "short" }
}

/// The value in the middle; of an even number, the higher of two.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Half the distance between the quartiles.
pub(crate) fn spread(values: &[f64]) -> f64 {
    (quantile(values, 0.75) - quantile(values, 0.25)) / 2.0
}

fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}
