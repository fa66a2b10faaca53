#[guarded_callback]
#[framework]
extern "C" fn attributes(
    #[framework(from = "text")] number: i32,
    #[cfg_attr(feature = "framework", framework(list))] names: Vec<String>,
    #[cfg_attr(feature = "framework", allow(unused_variables))] rest: Rest,
) -> usize {
    number as usize + names.len()
}
