"""Trains a small byte-pair tokenizer of the form of DNABERT-2's on random DNA and stores its tokens of other sequences.

Run with the package `tokenizers` 0.23.3: python tests/oracles/byte_pairs.py
"""

import pathlib

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(7)


def sequence(length, letters="ACGT", shares=None):
    return "".join(rng.choice(list(letters), length, p=shares))


# repeats as in genomes, so that merges are of several lengths
words = [sequence(int(n)) for n in rng.integers(3, 9, 60)]
corpus = ["".join(rng.choice(words, 40)) for _ in range(2000)]
tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=256, special_tokens=special, show_progress=False))
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
)
tokenizer.save(str(HERE / "tokenizer.json"), pretty=False)

codes = {letter: code for code, letter in enumerate("ACGTN")}
rows, lengths, ids, counts = [], [], [], []
for i in range(1500):
    length = int(rng.integers(1, 60))
    if i % 3 == 0:
        text = "".join(rng.choice(words, 20))[:length]
    elif i % 3 == 1:
        text = sequence(length)
    else:
        text = sequence(length, "ACGTN", [0.24, 0.24, 0.24, 0.24, 0.04])
    own = tokenizer.encode(text).ids
    rows.append([codes[letter] for letter in text.ljust(60, "N")])
    lengths.append(len(text))
    ids.extend(own)
    counts.append(len(own))
save_file(
    {
        "codes": np.array(rows, dtype=np.uint8),
        "lengths": np.array(lengths, dtype=np.uint8),
        "ids": np.array(ids, dtype=np.uint8),
        "counts": np.array(counts, dtype=np.uint8),
    },
    str(HERE / "byte_pairs.safetensors"),
)
