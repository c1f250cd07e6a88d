//! `data::…`, `label::…`, `augment::…` and the methods of datasets.

pub mod audit;
pub mod augment;
pub mod augment_chain;
pub mod augment_named;
pub mod batch;
pub mod dataset;
pub mod example;
pub mod label;
pub mod mapping;
pub mod mix;
pub mod ragged;
pub mod read;
pub mod regions;
pub mod rows;
