//! `cistron serve`: predictions and explanations of a network in a browser and over HTTP.

mod answer;
mod asked;
mod contributions;
mod histogram;
mod http;
mod inputs;
mod limits;
mod network;
mod pairs;
mod profiles;
mod refusal;
mod routes;
mod sequences;
mod source;
mod stop;
mod worker;

use crate::base::{Fault, Result, threads};
use crate::cli::arguments::start_torch;
use crate::cli::exit::fail;
use crate::fault;
use crate::lang::session;
use crate::nn::loss::Link;
use crate::seq::Genome;
use clap::{Args, ValueEnum};
use inputs::Inputs;
use network::Network;
use pairs::Pairs;
use profiles::Profiles;
use routes::{Routes, Service};
use sequences::Sequences;
use serde_json::{Value, json};
use source::Source;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use worker::Served;

/// Arguments of `cistron serve`.
#[derive(Args)]
pub struct ServeArguments {
    /// The folder of a run, a script (.rhai) whose last value is the network, or a file of weights
    /// (.safetensors) with --network
    model: PathBuf,
    /// Script whose last value is the network that the weights belong to
    #[arg(long, value_name = "SCRIPT")]
    network: Option<PathBuf>,
    /// Training of the run, where it has several
    #[arg(long, value_name = "NAME")]
    training: Option<String>,
    /// Expression matrix, for networks of pairs of genes: genes and samples, the samples in the
    /// order of the training
    #[arg(long, value_name = "FILE")]
    expression: Option<PathBuf>,
    /// Table of known pairs (factor, target, and a label 0 or 1), whose probabilities are drawn as
    /// histograms; random pairs of genes unless given
    #[arg(long, value_name = "FILE", requires = "expression")]
    reference: Option<PathBuf>,
    /// Layer whose activation is shown for a pair (Grad-CAM)
    #[arg(long, value_name = "PATH", requires = "expression")]
    layer: Option<String>,
    /// Genome (FASTA or 2bit), for networks of sequences: regions are read from it
    #[arg(long, value_name = "FILE", conflicts_with = "expression")]
    genome: Option<PathBuf>,
    /// Names of the outputs, for networks of sequences: a,b
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAMES",
        conflicts_with = "expression"
    )]
    names: Vec<String>,
    /// Output that is served, of networks with several
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    /// What predictions are of the outputs; that of the training's loss unless given
    #[arg(long, value_enum)]
    link: Option<LinkName>,
    /// Port; 0 takes a free one
    #[arg(long, default_value_t = 8765)]
    port: u16,
    /// Address to listen on: there is neither a password nor encryption, so that others than
    /// 127.0.0.1 are for networks whose users may all use the model
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Where the network runs: auto, cpu, cuda, cuda:N
    #[arg(long, default_value = "auto")]
    device: String,
    /// Threads that an operation may use; all cores unless given
    #[arg(long)]
    threads: Option<usize>,
}

/// What predictions are of outputs.
#[derive(Clone, Copy, ValueEnum)]
enum LinkName {
    /// The outputs themselves
    Identity,
    /// Probabilities of separate labels, from logits
    Sigmoid,
    /// Probabilities of classes, from logits
    Softmax,
    /// Rates, from logarithms
    Exp,
    /// Counts, from logarithms of 1 + counts
    Expm1,
}

impl From<LinkName> for Link {
    fn from(name: LinkName) -> Link {
        match name {
            LinkName::Identity => Link::Identity,
            LinkName::Sigmoid => Link::Sigmoid,
            LinkName::Softmax => Link::Softmax,
            LinkName::Exp => Link::Exp,
            LinkName::Expm1 => Link::Expm1,
        }
    }
}

/// Runs the command until it is asked to end, and returns its exit code.
pub fn serve(arguments: &ServeArguments) -> u8 {
    start_torch(arguments.threads, 0);
    crate::bind::start(session::Settings {
        quiet: true,
        device: arguments.device.clone(),
        ..session::Settings::default()
    });
    match served(arguments) {
        Ok(()) => 0,
        Err(fault) => fail(&fault, false),
    }
}

fn served(arguments: &ServeArguments) -> Result<()> {
    let address = SocketAddr::new(arguments.host, arguments.port);
    let listener = TcpListener::bind(address).map_err(|error| {
        fault!("usage", "cannot listen on {address}: {error}")
            .hint("--port 0 takes a free port, --port N another one")
    })?;
    let opened = source::open(
        &arguments.model,
        arguments.network.as_deref(),
        arguments.training.as_deref(),
    )?;
    let outcome = answered(arguments, &opened, listener);
    opened.release();
    outcome
}

/// Answers requests until the program is asked to end.
fn answered(arguments: &ServeArguments, opened: &Source, listener: TcpListener) -> Result<()> {
    let link = arguments.link.map(Link::from);
    let network = Network::new(opened.model.clone(), arguments.output.as_deref(), link)?;
    let (served, service) = match &arguments.expression {
        Some(_) => of_pairs(arguments, network)?,
        None => of_sequences(arguments, network)?,
    };
    let (queue, jobs) = worker::queue();
    let failed = |error: std::io::Error| fault!("file", "the server cannot start: {error}");
    let address = listener.local_addr().map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let routes = Arc::new(Routes {
        service,
        queue,
        is_loopback: address.ip().is_loopback(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed)?;
    stop::listen();
    let server = threads::spawn("server", move || {
        runtime.block_on(http::serve(listener, routes));
        // what still runs is dropped, with its end of the queue
        runtime.shutdown_background();
    })?;
    if !address.ip().is_loopback() {
        crate::errln!("warning: everybody who reaches {address} can use the model");
    }
    crate::outln!("http://{address}/");
    crate::errln!("{}: Ctrl-C ends the server", opened.model.name());
    worker::work(&served, &jobs);
    server
        .join()
        .map_err(|_| Fault::new("internal", "the server ended by a panic"))
}

/// What the API reports of a network.
fn about(kind: &str, network: &Network, more: Value) -> Value {
    let mut about = json!({
        "kind": kind,
        "name": network.model.name(),
        "input": network.model.input().text(),
        "parameters": network.model.count().0,
        "device": network.model.device().name(),
        "link": network.link_name(),
        "is_probability": network.is_probability(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    if let (Some(about), Value::Object(more)) = (about.as_object_mut(), more) {
        about.extend(more);
    }
    about
}

/// A network of pairs of genes.
fn of_pairs(arguments: &ServeArguments, network: Network) -> Result<(Served, Service)> {
    let path = arguments.expression.as_deref().unwrap_or("".as_ref());
    if network.width != 1 || !matches!(network.link, Link::Sigmoid | Link::Identity) {
        return Err(fault!(
            "usage",
            "networks of pairs have one output, a probability or its logit; this one has {} \
             with the link {}",
            network.width,
            network.link_name()
        ));
    }
    let profiles = Arc::new(Profiles::read(path)?);
    profiles
        .notes()
        .iter()
        .for_each(|note| crate::errln!("note: {note}"));
    let served = Served {
        inputs: Inputs::of_profiles(&network.model, profiles.clone())?,
        network: Rc::new(network),
    };
    let background = match &arguments.reference {
        Some(path) => histogram::of_table(&served, &profiles, path)?,
        None => vec![histogram::random(&served, &profiles)?],
    };
    histogram::check(&background, served.network.link == Link::Sigmoid)?;
    let layer = pairs::layer(&served, arguments.layer.as_deref())?;
    let mut more = pairs::about(&profiles);
    more["background"] = json!(background);
    more["layer"] = json!(layer);
    let service = Service::Pairs(Arc::new(Pairs {
        about: about("pairs", &served.network, more),
        profiles,
        layer,
    }));
    Ok((served, service))
}

/// A network of sequences.
fn of_sequences(arguments: &ServeArguments, network: Network) -> Result<(Served, Service)> {
    let inputs = Inputs::of_sequences(&network.model)?;
    let length = inputs.length();
    let outputs = match &arguments.names {
        names if names.len() == network.width => names.clone(),
        names if names.is_empty() && network.width == 1 => vec!["output".into()],
        names if names.is_empty() => (0..network.width).map(|i| format!("output {i}")).collect(),
        names => {
            let (n, width) = (names.len(), network.width);
            return Err(fault!(
                "usage",
                "--names has {n} names, the network has {width} outputs"
            ));
        }
    };
    let genome = arguments.genome.as_deref();
    let genome = genome.map(|path| Genome::open(path, None)).transpose()?;
    let notes = genome.iter().flat_map(|genome| &genome.notes);
    notes.for_each(|note| crate::errln!("note: {note}"));
    let more = sequences::about(length, &outputs, genome.as_ref());
    let service = Service::Sequences(Arc::new(Sequences {
        about: about("sequences", &network, more),
        length,
        outputs,
        genome,
    }));
    let served = Served {
        network: Rc::new(network),
        inputs,
    };
    Ok((served, service))
}
