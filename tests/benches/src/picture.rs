//! The picture in the README: what each row adds to the plain callback, in the executable and in
//! the shared object.

use std::fmt::{self, Write};
use std::path::Path;

use benches::{Shape, Variant};

use crate::speed::{self, Measured};

/// Where it lies, beside this package's manifest.
const FILE: &str = "cost.svg";

const WIDTH: f64 = 860.0;
/// Where the bars begin and where the longest ends.
const LEFT: f64 = 250.0;
const RIGHT: f64 = 780.0;
const TOP: f64 = 64.0;
const ROW: f64 = 34.0;
const BAR: f64 = 12.0;

/// Measures what it shows, and writes it.
pub(crate) fn draw(quick: bool) -> Result<bool, String> {
    let measured = speed::measure(Shape::Tiny, quick)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let picture = picture(&measured).map_err(|error| error.to_string())?;
    std::fs::write(&path, picture).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("drawn: {}", path.display());
    Ok(true)
}

fn picture(measured: &[Measured]) -> Result<String, fmt::Error> {
    let (executable, cdylib) = measured.split_at(measured.len() / 2);
    let rows: Vec<_> = executable.iter().zip(cdylib).filter(|(one, _)| is_shown(one)).collect();
    let longest = rows.iter().map(|(one, other)| one.added.max(other.added)).fold(1.0, f64::max);
    let height = TOP + ROW * rows.len() as f64 + 40.0;
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="white"/>
<text x="16" y="26" font-size="16">What protection adds to a callback from C that takes {:.1} ns (median, ns)</text>
<rect x="{LEFT}" y="40" width="12" height="12" fill="{DARK}"/><text x="{}" y="51">in an executable</text>
<rect x="{}" y="40" width="12" height="12" fill="{LIGHT}"/><text x="{}" y="51">in a shared object</text>"#,
        executable[0].time,
        LEFT + 18.0,
        LEFT + 150.0,
        LEFT + 168.0,
    )?;
    for (at, (one, other)) in rows.iter().enumerate() {
        let y = TOP + ROW * at as f64;
        let weight = if is_ours(one) { "bold" } else { "normal" };
        writeln!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end" font-weight="{weight}">{}</text>"#,
            LEFT - 10.0,
            y + 18.0,
            one.row.name
        )?;
        bar(&mut svg, y + 1.0, one.added, longest, DARK)?;
        bar(&mut svg, y + 2.0 + BAR, other.added, longest, LIGHT)?;
    }
    writeln!(
        svg,
        r##"<text x="16" y="{}" font-size="11" fill="#555">cargo run --release -p benches -- picture; guarded-callback in bold; stacker::grow, which maps a stack at each call, adds {:.0} ns</text>
</svg>"##,
        height - 14.0,
        executable
            .iter()
            .find(|one| one.row.variant == Variant::Grow)
            .map_or(0.0, |grow| grow.added),
    )?;
    Ok(svg)
}

const DARK: &str = "#1f5f8b";
const LIGHT: &str = "#8fbfdc";

fn bar(svg: &mut String, y: f64, added: f64, longest: f64, colour: &str) -> fmt::Result {
    let width = (added.max(0.0) / longest * (RIGHT - LEFT)).max(1.0);
    writeln!(
        svg,
        r#"<rect x="{LEFT}" y="{y}" width="{width:.1}" height="{BAR}" fill="{colour}"/><text x="{:.1}" y="{}" font-size="11">{added:+.1}</text>"#,
        LEFT + width + 5.0,
        y + 10.0,
    )
}

/// Without the rows that differ little from others, and the one that would make all bars but its
/// own too short to see.
fn is_shown(one: &Measured) -> bool {
    !matches!(
        one.row.variant,
        Variant::Plain
            | Variant::Grow
            | Variant::Never
            | Variant::WhenLowFallback
            | Variant::AlwaysFallback
            | Variant::NeverFallback
    )
}

fn is_ours(one: &Measured) -> bool {
    matches!(one.row.variant, Variant::WhenLow | Variant::Always)
}
