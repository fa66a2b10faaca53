//! SARIF 2.1.0, which editors and code scanning read.

use std::path::Path;

use serde_json::{Value, json};

/// One finding.
pub(crate) struct Finding<'a> {
    /// A rule of [`RULES`].
    pub(crate) rule: &'static str,
    /// `warning` or `note`.
    pub(crate) level: &'static str,
    pub(crate) message: String,
    pub(crate) file: &'a Path,
    /// Line and column from 1, where they are known.
    pub(crate) place: Option<(usize, usize)>,
}

/// Rules and what they say.
const RULES: [(&str, &str); 4] = [
    ("lacking", "An extern function lacks #[guarded_callback]."),
    ("cannot", "An extern function cannot have #[guarded_callback] as it stands."),
    ("must-not", "An extern function must not have #[guarded_callback]."),
    ("hidden", "A macro holds an extern function, which cannot be judged from outside."),
];

/// The whole log.
pub(crate) fn log(findings: &[Finding<'_>]) -> Value {
    let rule =
        |(id, text): &(&str, &str)| json!({ "id": id, "shortDescription": { "text": text } });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo-guarded-callback",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": RULES.iter().map(rule).collect::<Vec<_>>(),
            } },
            // Columns of findings count characters.
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(finding: &Finding<'_>) -> Value {
    let mut location = json!({ "artifactLocation": { "uri": uri(finding.file) } });
    if let Some((line, column)) = finding.place {
        location["region"] = json!({ "startLine": line, "startColumn": column });
    }
    json!({
        "ruleId": finding.rule,
        "level": finding.level,
        "message": { "text": finding.message },
        "locations": [{ "physicalLocation": location }],
    })
}

/// The path as a URI: absolute ones with a scheme, relative ones without.
fn uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let text = text.strip_prefix("./").unwrap_or(&text);
    let encoded: String = text.bytes().map(encode).collect();
    match (path.is_absolute(), encoded.starts_with('/')) {
        (false, _) => encoded,
        (true, true) => format!("file://{encoded}"),
        (true, false) => format!("file:///{encoded}"),
    }
}

fn encode(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b':' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::uri;
    use std::path::Path;

    #[cfg(unix)]
    #[test]
    fn paths_become_uris_with_blanks_and_umlauts_encoded() {
        assert_eq!(uri(Path::new("./src/a b.rs")), "src/a%20b.rs");
        assert_eq!(uri(Path::new("/tmp/ü.rs")), "file:///tmp/%C3%BC.rs");
    }
}
