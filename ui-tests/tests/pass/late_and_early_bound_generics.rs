#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

trait Source {
    type Item<'a>
    where
        Self: 'a;
    fn get(&self) -> Self::Item<'_>;
}

struct Text(String);

impl Source for Text {
    type Item<'a> = &'a str;
    fn get(&self) -> &str {
        &self.0
    }
}

#[guarded_callback]
extern "C" fn project<'a, S: Source>(
    source: &'a S,
    seen: <S as Source>::Item<'a>,
    again: Vec<S::Item<'_>>,
) -> S::Item<'a>
where
    S::Item<'a>: PartialEq,
    for<'b> S::Item<'b>: Sized,
{
    drop(again);
    if seen == source.get() { source.get() } else { seen }
}

fn main() {
    let text = Text("a".into());
    assert_eq!(project(&text, "b", vec!["c"]), "b");
}
