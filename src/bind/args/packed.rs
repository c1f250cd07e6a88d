//! Values of scripts as bytes, which processes exchange.

use crate::base::{Fault, Result, bail, fault};
use crate::lang::session::describe;
use crate::torch::{Tensor, collective};
use rhai::{Array, Dynamic, Map};

/// Most levels of arrays and maps.
const DEEPEST: usize = 100;

/// Appends a value: a letter for its type, then its bytes.
///
/// # Errors
/// Where it is, or contains, something else than tensors, numbers, booleans, strings and unit.
pub fn pack(value: &Dynamic, out: &mut Vec<u8>) -> Result<()> {
    pack_within(value, DEEPEST, out)
}

fn pack_within(value: &Dynamic, levels: usize, out: &mut Vec<u8>) -> Result<()> {
    let value = value.flatten_clone();
    let Some(below) = levels.checked_sub(1) else {
        bail!(
            "value",
            "arrays and maps are nested more than {DEEPEST} levels deep"
        );
    };
    if let Some(tensor) = value.read_lock::<Tensor>() {
        part(b't', &collective::to_bytes(&tensor)?, out);
        return Ok(());
    }
    if let Some(items) = value.read_lock::<Array>() {
        part(b'a', &items.len().to_le_bytes(), out);
        return items
            .iter()
            .try_for_each(|item| pack_within(item, below, out));
    }
    if let Some(items) = value.read_lock::<Map>() {
        part(b'm', &items.len().to_le_bytes(), out);
        return items.iter().try_for_each(|(key, item)| {
            part(b's', key.as_bytes(), out);
            pack_within(item, below, out)
        });
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        part(b's', text.as_bytes(), out);
        return Ok(());
    }
    match (value.as_int(), value.as_float(), value.as_bool()) {
        (Ok(number), ..) => part(b'i', &number.to_le_bytes(), out),
        (_, Ok(number), _) => part(b'f', &number.to_le_bytes(), out),
        (.., Ok(flag)) => part(b'b', &[u8::from(flag)], out),
        _ if value.is_unit() => part(b'u', &[], out),
        _ => {
            bail!(
                "type",
                "processes exchange tensors, numbers, booleans, strings, unit, and arrays \
                and maps of these, got {}",
                describe(&value)
            )
        }
    }
    Ok(())
}

/// Appends a letter, the number of bytes, and the bytes.
fn part(letter: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(letter);
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend(bytes);
}

/// The value that [`pack`] has written.
pub fn unpack(mut bytes: &[u8]) -> Result<Dynamic> {
    unpack_next(&mut bytes)
}

fn damaged() -> Fault {
    fault!("internal", "a value of another process is damaged")
}

/// The letter and the bytes of the next part.
fn next<'a>(bytes: &mut &'a [u8]) -> Result<(u8, &'a [u8])> {
    let (letter, rest) = bytes.split_first().ok_or_else(damaged)?;
    let (count, rest) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
    let count = u64::from_le_bytes(*count) as usize;
    let (own, rest) = rest.split_at_checked(count).ok_or_else(damaged)?;
    *bytes = rest;
    Ok((*letter, own))
}

fn eight(bytes: &[u8]) -> Result<[u8; 8]> {
    bytes.try_into().map_err(|_| damaged())
}

fn unpack_next(bytes: &mut &[u8]) -> Result<Dynamic> {
    let (letter, own) = next(bytes)?;
    let text = |own: &[u8]| String::from_utf8_lossy(own).into_owned();
    Ok(match letter {
        b't' => Dynamic::from(collective::from_bytes(own)?),
        b's' => text(own).into(),
        b'i' => i64::from_le_bytes(eight(own)?).into(),
        b'f' => f64::from_le_bytes(eight(own)?).into(),
        b'b' => (own == [1]).into(),
        b'u' => Dynamic::UNIT,
        b'a' => {
            let count = usize::from_le_bytes(eight(own)?);
            let items = (0..count).map(|_| unpack_next(bytes));
            items.collect::<Result<Array>>()?.into()
        }
        b'm' => {
            let count = usize::from_le_bytes(eight(own)?);
            let item = |_| {
                let (_, key) = next(bytes)?;
                Ok((text(key).into(), unpack_next(bytes)?))
            };
            (0..count).map(item).collect::<Result<Map>>()?.into()
        }
        _ => return Err(damaged()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_travel_whole() {
        let mut map = Map::new();
        map.insert(
            "a b".into(),
            Dynamic::from_array(vec![1_i64.into(), f64::NAN.into()]),
        );
        map.insert("t".into(), Dynamic::from(Tensor::ones(&[2, 3]).unwrap()));
        map.insert("u".into(), Dynamic::UNIT);
        map.insert("s".into(), "ΔE\n".into());
        map.insert("b".into(), true.into());
        let mut bytes = Vec::new();
        pack(&map.into(), &mut bytes).unwrap();
        let read = unpack(&bytes).unwrap().cast::<Map>();
        let array = read["a b"].clone().cast::<Array>();
        assert_eq!(array[0].as_int(), Ok(1));
        assert!(array[1].as_float().unwrap().is_nan());
        assert_eq!(read["t"].read_lock::<Tensor>().unwrap().shape(), [2, 3]);
        assert!(read["u"].is_unit() && read["b"].as_bool().unwrap());
        assert_eq!(read["s"].clone().into_string().unwrap(), "ΔE\n");
        assert!(unpack(&bytes[..bytes.len() - 1]).is_err());
        assert!(pack(&Dynamic::from('c'), &mut bytes).is_err());
    }
}
