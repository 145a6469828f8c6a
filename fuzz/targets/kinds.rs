//! The doors of all kinds, past their signatures: the first byte chooses the kind, the second the content type.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let kinds = domain::config::SourceKind::ALL;
    let kind = kinds[usize::from(*choice) % kinds.len()];
    fuzz::through_a_proved_door(kind, rest, |_| {});
});
