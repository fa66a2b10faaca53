//! Debug information: where functions were written, and what was inlined into them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gimli::{AttributeValue, EndianSlice, RunTimeEndian, UnitRef};
use object::{CompressionFormat, File, Object, ObjectSection};

type Reader<'data> = EndianSlice<'data, RunTimeEndian>;
type Unit<'a, 'data> = UnitRef<'a, Reader<'data>>;
type Entry<'data> = gimli::DebuggingInformationEntry<Reader<'data>>;

/// Where a function was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Its mangled name, or its own where it has no other.
    pub(crate) symbol: String,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) is_rust: bool,
}

pub(crate) struct Debug<'data> {
    context: Option<addr2line::Context<Reader<'data>>>,
    /// The functions at each address.
    origins: HashMap<u64, Vec<Origin>>,
    /// Tables of trait methods: first address and size.
    vtables: Vec<(u64, u64)>,
    /// The files of Rust that the image was made of.
    files: BTreeSet<PathBuf>,
}

impl<'data> Debug<'data> {
    pub(crate) fn new(file: &File<'data>) -> Result<Self, String> {
        if file.sections().any(|section| is_compressed(&section)) {
            let remedy = "`objcopy --decompress-debug-sections`, or link without compressing it";
            return Err(format!("the debug information is compressed; use {remedy}"));
        }
        Self::read(file).map_err(|error| format!("the debug information: {error}"))
    }

    fn read(file: &File<'data>) -> Result<Self, gimli::Error> {
        let dwarf = Arc::new(load(file)?);
        let mut debug = Self {
            context: None,
            origins: HashMap::new(),
            vtables: Vec::new(),
            files: BTreeSet::new(),
        };
        let mut units = dwarf.units();
        while let Some(header) = units.next()? {
            let unit = dwarf.unit(header)?;
            debug.read_unit(unit.unit_ref(&dwarf))?;
        }
        debug.context = addr2line::Context::from_arc_dwarf(dwarf).ok();
        Ok(debug)
    }

    /// What stands at an address: the function of this symbol, or else any.
    pub(crate) fn origin(&self, address: u64, symbol: &str) -> Option<&Origin> {
        self.origins.get(&address)?.iter().find(|origin| origin.symbol == symbol)
    }

    /// Whether there is a function at the address, under any name.
    pub(crate) fn any_origin(&self, address: u64) -> Option<&Origin> {
        self.origins.get(&address)?.first()
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }

    pub(crate) fn is_in_vtable(&self, place: u64) -> bool {
        self.vtables.iter().any(|(start, size)| (*start..start + size).contains(&place))
    }

    /// The functions that the instruction belongs to, the innermost first: those that were inlined
    /// there, and the one that holds them.
    pub(crate) fn frames(&self, address: u64) -> Vec<String> {
        let Some(context) = &self.context else { return Vec::new() };
        let Ok(mut frames) = context.find_frames(address).skip_all_loads() else {
            return Vec::new();
        };
        let mut names = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            let name = frame.function.and_then(|it| it.raw_name().map(String::from).ok());
            names.extend(name.map(|name| format!("{:#}", rustc_demangle::demangle(&name))));
        }
        names
    }

    fn read_unit(&mut self, unit: Unit<'_, 'data>) -> Result<(), gimli::Error> {
        let mut entries = unit.entries();
        let mut is_rust = false;
        while let Some(entry) = entries.next_dfs()? {
            match entry.tag() {
                gimli::DW_TAG_compile_unit => {
                    let language = entry.attr_value(gimli::DW_AT_language);
                    is_rust =
                        matches!(language, Some(AttributeValue::Language(gimli::DW_LANG_Rust)));
                }
                gimli::DW_TAG_subprogram => self.read_function(unit, entry, is_rust)?,
                gimli::DW_TAG_variable => self.read_variable(unit, entry)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_function(
        &mut self,
        unit: Unit<'_, 'data>,
        entry: &Entry<'data>,
        is_rust: bool,
    ) -> Result<(), gimli::Error> {
        let Some(address) = address(unit, entry)? else { return Ok(()) };
        if let Some(origin) = origin(unit, entry, is_rust)? {
            if is_rust {
                self.files.insert(origin.file.clone());
            }
            self.origins.entry(address).or_default().push(origin);
        }
        Ok(())
    }

    fn read_variable(
        &mut self,
        unit: Unit<'_, 'data>,
        entry: &Entry<'data>,
    ) -> Result<(), gimli::Error> {
        let Some(name) = string(unit, entry, gimli::DW_AT_name)? else { return Ok(()) };
        let location = entry.attr_value(gimli::DW_AT_location);
        let (true, Some(AttributeValue::Exprloc(location))) =
            (name.ends_with("{vtable}"), location)
        else {
            return Ok(());
        };
        let mut operations = location.operations(unit.encoding());
        if let Some(gimli::Operation::Address { address }) = operations.next()? {
            self.vtables.push((address, size_of_type(unit, entry)?.unwrap_or(8)));
        }
        Ok(())
    }
}

fn is_compressed<'data>(section: &impl ObjectSection<'data>) -> bool {
    let range = section.compressed_file_range();
    range.is_ok_and(|range| range.format != CompressionFormat::None)
}

fn load<'data>(file: &File<'data>) -> Result<gimli::Dwarf<Reader<'data>>, gimli::Error> {
    let endian = if file.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    gimli::Dwarf::load(|id| {
        let section = file.section_by_name(id.name());
        let data = section.and_then(|section| section.data().ok()).unwrap_or_default();
        Ok(EndianSlice::new(data, endian))
    })
}

fn address<'data>(
    unit: Unit<'_, 'data>,
    entry: &Entry<'data>,
) -> Result<Option<u64>, gimli::Error> {
    let address = match entry.attr_value(gimli::DW_AT_low_pc) {
        Some(value) => unit.attr_address(value)?,
        None => unit.die_ranges(entry)?.next()?.map(|range| range.begin),
    };
    // A function that the linker has dropped stands at 0.
    Ok(address.filter(|address| *address != 0))
}

/// The attribute of the entry, or of the one that it completes.
fn attribute<'data>(
    unit: Unit<'_, 'data>,
    entry: &Entry<'data>,
    name: gimli::DwAt,
) -> Result<Option<AttributeValue<Reader<'data>>>, gimli::Error> {
    if let Some(value) = entry.attr_value(name) {
        return Ok(Some(value));
    }
    for reference in [gimli::DW_AT_specification, gimli::DW_AT_abstract_origin] {
        if let Some(AttributeValue::UnitRef(offset)) = entry.attr_value(reference) {
            return attribute(unit, &unit.entry(offset)?, name);
        }
    }
    Ok(None)
}

fn string<'data>(
    unit: Unit<'_, 'data>,
    entry: &Entry<'data>,
    name: gimli::DwAt,
) -> Result<Option<String>, gimli::Error> {
    let Some(value) = attribute(unit, entry, name)? else { return Ok(None) };
    Ok(Some(unit.attr_string(value)?.to_string_lossy().into_owned()))
}

fn origin<'data>(
    unit: Unit<'_, 'data>,
    entry: &Entry<'data>,
    is_rust: bool,
) -> Result<Option<Origin>, gimli::Error> {
    let linkage = string(unit, entry, gimli::DW_AT_linkage_name)?;
    let symbol = match linkage {
        Some(name) => Some(name),
        None => string(unit, entry, gimli::DW_AT_name)?,
    };
    let file = match attribute(unit, entry, gimli::DW_AT_decl_file)? {
        Some(AttributeValue::FileIndex(index)) => path(unit, index)?,
        _ => None,
    };
    let line = attribute(unit, entry, gimli::DW_AT_decl_line)?.and_then(|line| line.udata_value());
    let (Some(symbol), Some(file), Some(line)) = (symbol, file, line) else { return Ok(None) };
    Ok(Some(Origin { symbol, file, line: usize::try_from(line).unwrap_or(0), is_rust }))
}

/// The file of this number, with its folder and that of the compilation.
fn path(unit: Unit<'_, '_>, index: u64) -> Result<Option<PathBuf>, gimli::Error> {
    let Some(program) = &unit.line_program else { return Ok(None) };
    let header = program.header();
    let Some(file) = header.file(index) else { return Ok(None) };
    let text = |value| -> Result<String, gimli::Error> {
        Ok(unit.attr_string(value)?.to_string_lossy().into_owned())
    };
    let mut path = match &unit.comp_dir {
        Some(folder) => PathBuf::from(folder.to_string_lossy().into_owned()),
        None => PathBuf::new(),
    };
    if let Some(folder) = file.directory(header) {
        path.push(text(folder)?);
    }
    path.push(text(file.path_name())?);
    Ok(Some(path))
}

fn size_of_type(unit: Unit<'_, '_>, entry: &Entry<'_>) -> Result<Option<u64>, gimli::Error> {
    let Some(AttributeValue::UnitRef(offset)) = entry.attr_value(gimli::DW_AT_type) else {
        return Ok(None);
    };
    let size = unit.entry(offset)?.attr_value(gimli::DW_AT_byte_size);
    Ok(size.and_then(|size| size.udata_value()))
}
