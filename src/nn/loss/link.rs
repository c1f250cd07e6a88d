//! Links: from the outputs of a network to predictions of its labels.

use cistron_base::Result;
use cistron_torch::Tensor;
use std::collections::BTreeMap;

/// The function from a network's outputs to predictions of its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Outputs are predictions.
    Identity,
    /// Outputs are logits of independent labels.
    Sigmoid,
    /// Outputs are logits of classes that exclude each other.
    Softmax,
    /// Outputs are logarithms of rates.
    Exp,
    /// Outputs are logarithms of 1 + counts.
    Expm1,
    /// Outputs are logits of the shares of positions, the last axis.
    Shares,
    /// Outputs are logits of the shares of all numbers of a row.
    JointShares,
    /// The first half of the outputs along axis 1 are predictions; the second half states how
    /// certain they are.
    Mean,
}

impl Link {
    /// Predictions from outputs.
    pub fn apply(self, outputs: &Tensor) -> Result<Tensor> {
        match self {
            Link::Identity => Ok(outputs.clone()),
            Link::Sigmoid => outputs.sigmoid(),
            Link::Softmax => outputs.softmax(1),
            Link::Exp => outputs.exp(),
            Link::Expm1 => outputs.expm1(),
            Link::Shares => outputs.softmax(-1),
            Link::JointShares => {
                let shape = outputs.shape();
                outputs.flatten(1, -1)?.softmax(1)?.reshape(&shape)
            }
            Link::Mean => {
                let size = outputs.shape().get(1).copied().unwrap_or(0);
                outputs.narrow(1, 0, size / 2)
            }
        }
    }
}

/// The links of the outputs of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The link of a network of one output, and of outputs that are not listed.
    pub one: Link,
    /// The links of several outputs.
    pub by_output: BTreeMap<String, Link>,
}

impl From<Link> for Links {
    fn from(link: Link) -> Links {
        Links {
            one: link,
            by_output: BTreeMap::new(),
        }
    }
}

impl Links {
    /// The link of an output; the name of the only output is empty.
    pub fn of(&self, output: &str) -> Link {
        self.by_output.get(output).copied().unwrap_or(self.one)
    }
}
