//! A machine for the part of Python's pickle language that files of tensors use. It runs no code:
//! a name of a class or function that is not in [`objects::known`] is refused, and so is every
//! instruction that would build an object of a class.

use super::entry::printable;
use super::objects::{self, Heap, Value, refused, refused_instruction};
use cistron_base::{Result, bail, fault, interrupt};
use std::collections::HashMap;

/// The largest pickle that is read: the numbers of tensors are not in it.
const LARGEST: usize = 1 << 26;
/// Instructions between two looks at Ctrl-C.
const OFTEN: usize = 1 << 16;

/// A pickle that is read.
pub struct Machine<'a> {
    bytes: &'a [u8],
    /// The bytes that were read.
    pub at: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    /// The containers that it made.
    pub heap: Heap,
}

impl<'a> Machine<'a> {
    /// A machine at the start of a pickle.
    pub fn new(bytes: &'a [u8]) -> Machine<'a> {
        Machine {
            bytes,
            at: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            heap: Heap::default(),
        }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let end = self
            .at
            .checked_add(n)
            .filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            bail!("file", "its pickle ends too early");
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn word(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A length of 8 bytes.
    fn long(&mut self) -> Result<usize> {
        let n = u64::from_le_bytes(self.array()?);
        usize::try_from(n).map_err(|_| fault!("file", "its pickle declares {n} bytes"))
    }

    /// The rest of a line, without its end.
    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let n = rest.iter().position(|byte| *byte == b'\n');
        let line = self.take(n.unwrap_or(rest.len()).saturating_add(1))?;
        std::str::from_utf8(&line[..line.len() - 1])
            .map(|line| line.trim_end_matches('\r'))
            .map_err(|_| fault!("file", "a line of its pickle is no text"))
    }

    fn text(&mut self, n: usize) -> Result<Value> {
        let bytes = self.take(n)?;
        // names of Python 2 are bytes; those of parameters are ASCII in practice
        Ok(self.heap.text(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn pop(&mut self) -> Result<Value> {
        // nothing below an open mark may be taken
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len() > floor {
            true => Ok(self.stack.pop().unwrap_or(Value::None)),
            false => bail!("file", "its pickle takes a value that is not there"),
        }
    }

    fn top(&self) -> Result<Value> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len() > floor {
            true => Ok(self.stack[self.stack.len() - 1]),
            false => bail!("file", "its pickle takes a value that is not there"),
        }
    }

    /// The values since the last mark, which is removed.
    fn since_mark(&mut self) -> Result<Vec<Value>> {
        match self.marks.pop() {
            Some(mark) if mark <= self.stack.len() => Ok(self.stack.split_off(mark)),
            _ => bail!("file", "its pickle ends a list that did not begin"),
        }
    }

    fn integer(bytes: &[u8]) -> Result<i64> {
        if bytes.len() > 8 {
            bail!("file", "its pickle has an integer of {} bytes", bytes.len());
        }
        let fill = match bytes.last() {
            Some(last) if *last > 127 => 255,
            _ => 0,
        };
        let mut wide = [fill; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        Ok(i64::from_le_bytes(wide))
    }

    fn global(&mut self, module: &str, name: &str) -> Result<()> {
        let value = objects::known(module, name)?;
        self.stack.push(value);
        Ok(())
    }

    fn tuple(&mut self, n: usize) -> Result<()> {
        let mut items = (0..n).map(|_| self.pop()).collect::<Result<Vec<_>>>()?;
        items.reverse();
        let tuple = self.heap.tuple(items);
        self.stack.push(tuple);
        Ok(())
    }

    fn append(&mut self, items: &[Value]) -> Result<()> {
        match self.top()? {
            Value::List(i) => self.heap.lists[i as usize].extend_from_slice(items),
            other => bail!("file", "its pickle appends to {}", Heap::kind(other)),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Value]) -> Result<()> {
        let Value::Map(i) = self.top()? else {
            bail!(
                "file",
                "its pickle sets an item of {}",
                Heap::kind(self.top()?)
            );
        };
        if !items.len().is_multiple_of(2) {
            bail!("file", "its pickle sets a key without a value");
        }
        let pairs = items.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        self.heap.maps[i as usize].extend(pairs);
        Ok(())
    }

    fn recall(&mut self, index: u32) -> Result<()> {
        match self.memo.get(&index) {
            Some(value) => self.stack.push(*value),
            None => bail!("file", "its pickle recalls a value that it did not store"),
        }
        Ok(())
    }

    fn store(&mut self, index: u32) -> Result<()> {
        let value = self.top()?;
        self.memo.insert(index, value);
        Ok(())
    }

    /// Reads up to the end of one pickle; returns its value.
    pub fn run(&mut self) -> Result<Value> {
        let start = self.at;
        self.stack.clear();
        self.marks.clear();
        self.memo.clear();
        let mut steps = 0usize;
        loop {
            steps += 1;
            if steps.is_multiple_of(OFTEN) {
                interrupt::check()?;
            }
            if self.at - start > LARGEST {
                bail!("file", "its pickle has more than {LARGEST} bytes");
            }
            let code = self.byte()?;
            if code == b'.' {
                return self.pop();
            }
            self.step(code)?;
        }
    }

    fn step(&mut self, code: u8) -> Result<()> {
        match code {
            0x80 => {
                let version = self.byte()?;
                if version > 5 {
                    bail!("file", "its pickle is of protocol {version}");
                }
            }
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => match self.stack.len() > self.marks.last().copied().unwrap_or(0) {
                true => drop(self.stack.pop()),
                false => drop(self.since_mark()?),
            },
            b'1' => drop(self.since_mark()?),
            b'2' => self.stack.push(self.top()?),
            b'N' | 0x88 | 0x89 | b'I' | b'J' | b'K' | b'M' | b'L' | 0x8a | 0x8b | b'F' | b'G' => {
                let number = self.number(code)?;
                self.stack.push(number);
            }
            b'V' | b'X' | b'T' | b'U' | 0x8c | 0x8d => {
                let text = self.string(code)?;
                self.stack.push(text);
            }
            b']' => {
                let list = self.heap.list(Vec::new());
                self.stack.push(list);
            }
            b'}' => {
                let map = self.heap.map(Vec::new());
                self.stack.push(map);
            }
            b')' => self.tuple(0)?,
            0x85..=0x87 => self.tuple(usize::from(code - 0x84))?,
            b't' | b'l' => {
                let items = self.since_mark()?;
                let value = match code {
                    b't' => self.heap.tuple(items),
                    _ => self.heap.list(items),
                };
                self.stack.push(value);
            }
            b'd' => {
                let items = self.since_mark()?;
                let map = self.heap.map(Vec::new());
                self.stack.push(map);
                self.set_items(&items)?;
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' => {
                let items = self.since_mark()?;
                self.append(&items)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.since_mark()?;
                self.set_items(&items)?;
            }
            b'p' | b'g' => {
                let index = self.line()?.trim().parse::<u32>();
                let index =
                    index.map_err(|_| fault!("file", "its pickle numbers values wrongly"))?;
                match code {
                    b'p' => self.store(index)?,
                    _ => self.recall(index)?,
                }
            }
            b'q' => {
                let index = self.byte()?;
                self.store(u32::from(index))?;
            }
            b'r' => {
                let index = self.word()?;
                self.store(index)?;
            }
            0x94 => self.store(self.memo.len() as u32)?,
            b'h' => {
                let index = self.byte()?;
                self.recall(u32::from(index))?;
            }
            b'j' => {
                let index = self.word()?;
                self.recall(index)?;
            }
            _ => self.object(code)?,
        }
        Ok(())
    }

    fn number(&mut self, code: u8) -> Result<Value> {
        let wrong = |line: &str| fault!("file", "its pickle has the number `{}`", printable(line));
        Ok(match code {
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'J' => Value::Int(i64::from(i32::from_le_bytes(self.array()?))),
            b'K' => Value::Int(i64::from(self.byte()?)),
            b'M' => Value::Int(i64::from(u16::from_le_bytes(self.array()?))),
            b'G' => Value::Float(f64::from_be_bytes(self.array()?)),
            0x8a => {
                let n = usize::from(self.byte()?);
                Value::Int(Self::integer(self.take(n)?)?)
            }
            0x8b => {
                let n = self.word()? as usize;
                Value::Int(Self::integer(self.take(n)?)?)
            }
            b'F' => {
                let line = self.line()?;
                Value::Float(line.trim().parse().map_err(|_| wrong(line))?)
            }
            _ => match self.line()? {
                "00" => Value::Bool(false),
                "01" => Value::Bool(true),
                line => {
                    let digits = line.trim().trim_end_matches('L');
                    Value::Int(digits.parse().map_err(|_| wrong(line))?)
                }
            },
        })
    }

    fn string(&mut self, code: u8) -> Result<Value> {
        let n = match code {
            b'V' => {
                let line = self.line()?.to_string();
                if line.contains('\\') {
                    bail!("file", "its pickle has a string with escapes");
                }
                return Ok(self.heap.text(line));
            }
            0x8c | b'U' => usize::from(self.byte()?),
            0x8d => self.long()?,
            _ => self.word()? as usize,
        };
        self.text(n)
    }

    /// Names of classes and functions, their calls, references to storages; anything else is
    /// refused.
    fn object(&mut self, code: u8) -> Result<()> {
        match code {
            b'c' => {
                let module = self.line()?;
                let name = self.line()?;
                self.global(module, name)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |value| self.heap.string(value).map(str::to_string);
                match (text(module), text(name)) {
                    (Some(module), Some(name)) => self.global(&module, &name),
                    _ => bail!("file", "its pickle names a class by {}", Heap::kind(name)),
                }
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let value = self.heap.reduce(function, arguments)?;
                self.stack.push(value);
                Ok(())
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = self.heap.storage(id)?;
                self.stack.push(storage);
                Ok(())
            }
            // attributes of a map, such as the versions of layers, are not its items
            b'b' => {
                let state = self.pop()?;
                match (self.top()?, state) {
                    (Value::Map(_), Value::Map(_)) => Ok(()),
                    (other, _) => bail!(
                        "file",
                        "its pickle sets attributes of {}",
                        Heap::kind(other)
                    ),
                }
            }
            _ => Err(refused(refused_instruction(code))),
        }
    }
}
