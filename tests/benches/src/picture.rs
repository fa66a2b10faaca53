//! The chart of the guide's page on costs: how many instructions each row adds to the plain
//! callback, in the executable and in the shared object.

use std::fmt::{self, Write};
use std::path::Path;

use benches::{Shape, Variant};

use crate::instructions;
use crate::rows::Row;

/// Where it lies, from this package's manifest.
const FILE: &str = "../../runtime/guide/cost.svg";

/// Narrow, so that it can be read on a phone.
const WIDTH: f64 = 480.0;
/// Where the bars begin and where the longest ends.
const LEFT: f64 = 208.0;
const RIGHT: f64 = 440.0;
const TOP: f64 = 64.0;
const ROW: f64 = 34.0;
const BAR: f64 = 12.0;

/// Counts differ by a few between versions of the compiler.
const TOLERANCE: f64 = 4.0;

/// Counts what it shows and writes it. With `check` it writes nothing: whether the picture that is
/// there shows the same rows and counts.
pub(crate) fn draw(check: bool) -> Result<bool, String> {
    let rows = instructions::added(Shape::Tiny)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let picture = picture(&rows).map_err(|error| error.to_string())?;
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    if check {
        let holds = is_alike(&std::fs::read_to_string(&path).map_err(failed)?, &picture);
        println!("{}: {}", path.display(), if holds { "up to date" } else { "out of date" });
        return Ok(holds);
    }
    std::fs::write(&path, picture).map_err(failed)?;
    println!("drawn: {}", path.display());
    Ok(true)
}

/// Whether both have the same texts, and numbers that differ by no more than the tolerance.
fn is_alike(one: &str, other: &str) -> bool {
    let (one, other) = (texts(one), texts(other));
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            match (one.parse::<f64>(), other.parse::<f64>()) {
                (Ok(one), Ok(other)) => (one - other).abs() <= TOLERANCE,
                _ => *one == other,
            }
        })
}

fn texts(svg: &str) -> Vec<&str> {
    let texts = svg.split("<text").skip(1);
    texts.filter_map(|text| text.split_once('>')?.1.split_once('<')).map(|text| text.0).collect()
}

fn picture(rows: &[(Row, i64, i64)]) -> Result<String, fmt::Error> {
    let rows: Vec<_> = rows.iter().filter(|(row, ..)| is_shown(row)).collect();
    let longest = rows.iter().map(|(_, one, other)| *one.max(other)).max().unwrap_or(1) as f64;
    let height = TOP + ROW * rows.len() as f64 + 28.0;
    let mut svg = String::new();
    // The background is the page's. The colours can be read on a light and on a dark one.
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">
<g font-family="sans-serif" font-size="13" fill="#6e7781">
<text x="8" y="20">Instructions added to a callback of two arguments</text>
<rect x="{LEFT}" y="36" width="12" height="12" fill="{DARK}"/>
<text x="{}" y="47">executable</text>
<rect x="{}" y="36" width="12" height="12" fill="{LIGHT}"/>
<text x="{}" y="47">shared object</text>"##,
        LEFT + 18.0,
        LEFT + 110.0,
        LEFT + 128.0,
    )?;
    for (at, (row, one, other)) in rows.iter().enumerate() {
        let y = TOP + ROW * at as f64;
        let weight = if is_ours(row) { r#" font-weight="bold""# } else { "" };
        let (x, middle) = (LEFT - 8.0, y + 18.0);
        writeln!(
            svg,
            r#"<text x="{x}" y="{middle}" text-anchor="end"{weight}>{}</text>"#,
            row.name
        )?;
        bar(&mut svg, y + 1.0, *one, longest, DARK)?;
        bar(&mut svg, y + 2.0 + BAR, *other, longest, LIGHT)?;
    }
    writeln!(
        svg,
        r#"<text x="8" y="{}" font-size="11">cargo run --release -p benches -- picture</text>
</g>
</svg>"#,
        height - 8.0,
    )?;
    Ok(svg)
}

const DARK: &str = "#1f6fa8";
const LIGHT: &str = "#7db2d8";

fn bar(svg: &mut String, y: f64, added: i64, longest: f64, colour: &str) -> fmt::Result {
    let width = (added.max(0) as f64 / longest * (RIGHT - LEFT)).max(1.0);
    let (x, middle) = (LEFT + width + 5.0, y + 10.0);
    writeln!(
        svg,
        r#"<rect x="{LEFT}" y="{y}" width="{width:.1}" height="{BAR}" fill="{colour}"/>
<text x="{x:.1}" y="{middle}" font-size="11">{added}</text>"#
    )
}

/// Without the rows that differ little from others.
fn is_shown(row: &Row) -> bool {
    !matches!(
        row.variant,
        Variant::Plain
            | Variant::Grow
            | Variant::Never
            | Variant::WhenLowFallback
            | Variant::AlwaysFallback
            | Variant::NeverFallback
            | Variant::WhenLowCompiled
            | Variant::AlwaysCompiled
            | Variant::AlwaysFallbackCompiled
            | Variant::WhenLowUnwind
            | Variant::LimitCheck
            | Variant::LimitSwitch
    )
}

fn is_ours(row: &Row) -> bool {
    matches!(row.variant, Variant::WhenLow | Variant::Always)
}
