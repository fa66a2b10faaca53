#[guarded_callback(reserve = "256 KiB", switch = always)]
extern "C" fn arguments<T: Tr>(
    small: u32,
    mut changed: u32,
    (a, b): Pair,
    big: Big<'_>,
    any: impl Display,
) -> Result<T, ()>
where
    T: Default,
{
    changed += small + a + b;
    use_all(changed, big, any)
}
