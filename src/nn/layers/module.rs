//! Modules: layers that a script composes of other layers, parameters and buffers.
//!
//! The layers of a module are built when its forward function first calls them, in a pass over two
//! samples of zeros: that call states the shape of their input.

use crate::build::SharedTensors;
use crate::init::drawing;
use crate::layers::custom::MakeParameters;
use crate::spec::DEEPEST;
use crate::summary::Row;
use crate::watch;
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value};
use cistron_base::{Fault, Result, bail, fault};
use cistron_torch::{Tensor, grad};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Describes the layers of a module for the shape of its input, by their paths.
pub type MakeLayers = Rc<dyn Fn(&Shape) -> Result<Vec<(String, Layer)>>>;
/// Computes the output of a built module.
pub type Forward = Rc<dyn Fn(&Value, Mode) -> Result<Value>>;
/// Binds the forward function to the members of a module.
pub type BindForward = Rc<dyn Fn(&Rc<Members>) -> Result<Forward>>;

/// A module as a script describes it.
pub struct ScriptModule {
    /// Its name in summaries and errors.
    pub name: String,
    /// Describes its layers, if it has any.
    pub layers: Option<MakeLayers>,
    /// Creates its parameters, if it has any.
    pub parameters: Option<MakeParameters>,
    /// Creates its buffers, if it has any.
    pub buffers: Option<MakeParameters>,
    /// Computes the output.
    pub forward: BindForward,
}

/// What a forward function has at hand: layers, parameters, buffers.
pub struct Members {
    name: String,
    layers: Vec<Member>,
    /// Parameters by name.
    pub parameters: Vec<(String, Tensor)>,
    /// Buffers by name.
    pub buffers: Vec<(String, Tensor)>,
    mode: Cell<Mode>,
    /// The build under way; none in ordinary passes.
    build: RefCell<Option<Build>>,
}

/// The state of the network's build while the members of a module are built.
struct Build {
    builder: Builder,
    /// The input of the module.
    input: Value,
    /// Whether that is an input of the network as it is.
    is_input: bool,
    /// The output of the member that was called last, and how many lines of the summary there were.
    last: Option<(Value, usize)>,
}

impl Build {
    /// Whether a member with an input takes the output of the line above.
    fn is_below(&self, input: &Value) -> bool {
        match &self.last {
            Some((output, rows)) => *rows == self.builder.rows.len() && is_same(output, input),
            None => is_same(&self.input, input),
        }
    }
}

/// A layer of a module.
struct Member {
    path: String,
    layer: Layer,
    /// The modules that share its parameters, by the shape that each was built for.
    built: RefCell<Vec<(Shape, Rc<dyn Module>)>>,
    /// These parameters.
    tensors: RefCell<Option<SharedTensors>>,
}

impl Member {
    fn for_shape(&self, shape: &Shape) -> Option<Rc<dyn Module>> {
        let built = self.built.borrow();
        let exact = built.iter().find(|(of, _)| of == shape);
        exact.map(|(_, module)| module.clone())
    }
}

impl Members {
    /// The paths of the layers.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|member| member.path.as_str())
    }

    /// Computes the output of the layer of a number, in the order of the paths; the first call with
    /// an input of a shape builds it.
    pub fn apply(&self, layer: usize, x: &Value) -> Result<Value> {
        let member = &self.layers[layer];
        if let Some(module) = self.only_module(member) {
            return module.forward(x, self.mode.get());
        }
        let output = self.module_for(member, x)?.forward(x, self.mode.get())?;
        if let Ok(mut build) = self.build.try_borrow_mut()
            && let Some(build) = build.as_mut()
        {
            build.last = Some((output.clone(), build.builder.rows.len()));
        }
        Ok(output)
    }

    /// The module of a layer that was built for one shape, in ordinary passes.
    fn only_module(&self, member: &Member) -> Option<Rc<dyn Module>> {
        let is_ordinary = self.build.try_borrow().is_ok_and(|build| build.is_none());
        match &member.built.borrow()[..] {
            [(_, module)] if is_ordinary => Some(module.clone()),
            _ => None,
        }
    }

    /// The module for the shape of an input, which a build adds. In ordinary passes the first one
    /// takes inputs of other lengths where its kind does.
    fn module_for(&self, member: &Member, x: &Value) -> Result<Rc<dyn Module>> {
        let shape = x.shape();
        if let Some(module) = member.for_shape(&shape) {
            return Ok(module);
        }
        if let Some(module) = self.build_member(member, x, &shape)? {
            return Ok(module);
        }
        let built = member.built.borrow();
        let first = built.first().map(|(_, module)| module.clone());
        first.ok_or_else(|| self.unbuilt(&member.path))
    }

    /// Builds a layer for an input, where a build is under way.
    fn build_member(
        &self,
        member: &Member,
        x: &Value,
        shape: &Shape,
    ) -> Result<Option<Rc<dyn Module>>> {
        let mut build = self.build.try_borrow_mut().map_err(|_| {
            fault!(
                "value",
                "{}: layer `{}` is called while another layer of the module is built",
                self.name,
                member.path
            )
        })?;
        let Some(build) = build.as_mut() else {
            return Ok(None);
        };
        build.builder.is_input = build.is_input && is_same(&build.input, x);
        let (row, is_below) = (build.builder.rows.len(), build.is_below(x));
        let tensors = member.tensors.borrow().clone();
        let built = build.builder.below(&member.path, |builder| match tensors {
            Some(tensors) => builder.child_again(&member.layer, shape, tensors),
            None => {
                let (built, tensors) = builder.child_and_tensors(&member.layer, shape)?;
                member.tensors.replace(Some(tensors));
                Ok(built)
            }
        })?;
        if !is_below && build.builder.rows.len() > row {
            build.builder.apart.push(row);
        }
        member
            .built
            .borrow_mut()
            .push((shape.clone(), built.module.clone()));
        Ok(Some(built.module))
    }

    /// Copies of the buffers.
    fn snapshot(&self) -> Result<Vec<Tensor>> {
        let buffers = self.buffers.iter();
        buffers.map(|(_, own)| own.copied()).collect()
    }

    fn restore(&self, buffers: &[Tensor]) -> Result<()> {
        let mut own = self.buffers.iter().zip(buffers);
        own.try_for_each(|((_, own), values)| own.copy_(values))
    }

    fn unbuilt(&self, path: &str) -> Fault {
        fault!(
            "value",
            "{}: layer `{path}` was not called when the module was built, so it has no parameters",
            self.name
        )
        .hint("call it in every pass, and choose between outputs by tensors")
    }
}

/// Whether both are the same tensor.
fn is_same(a: &Value, b: &Value) -> bool {
    let of = |value: &Value| value.tensors().into_iter().cloned().collect::<Vec<_>>();
    match (a, b) {
        (Value::One(a), Value::One(b)) => a.is_same_view(b),
        (Value::Many(_), b) => of(b)
            .iter()
            .all(|b| of(a).iter().any(|a| a.is_same_view(b))),
        _ => false,
    }
}

struct Scripted {
    /// Its path in the network.
    path: String,
    members: Rc<Members>,
    forward: Forward,
}

impl Scripted {
    /// Runs a function in a mode, which the layers of the module run in as well.
    fn run(&self, x: &Value, mode: Mode) -> Result<Value> {
        let before = self.members.mode.replace(mode);
        let output = (self.forward)(x, mode);
        self.members.mode.set(before);
        output
    }
}

impl Module for Scripted {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        watch::within(&self.path, || self.run(x, mode))
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        for member in &self.members.layers {
            if let Some((_, module)) = member.built.borrow().first() {
                module.describe_fusions(out);
            }
        }
    }
}

impl ScriptModule {
    /// Fails where a name cannot be that of a member.
    fn check_name(&self, known: &mut Vec<String>, name: &str, what: &str) -> Result<()> {
        let is_path = what == "layer";
        if name.is_empty() || (!is_path && name.contains('.')) {
            bail!("name", "{}: a {what} cannot be called `{name}`", self.name);
        }
        if known.iter().any(|other| other == name) {
            bail!(
                "name",
                "{}: two of its layers, parameters and buffers are called `{name}`",
                self.name
            );
        }
        known.push(name.to_string());
        Ok(())
    }

    /// Creates the members; the layers are not built yet.
    fn members(&self, builder: &mut Builder, input: &Shape) -> Result<Members> {
        let mut known = Vec::new();
        let mut parameters = Vec::new();
        let keys = builder.keys(&self.name);
        if let Some(make) = &self.parameters {
            for (name, values) in drawing(keys, || make(input))? {
                self.check_name(&mut known, &name, "parameter")?;
                let own = builder.adopt(&name, values)?;
                parameters.push((name, own));
            }
        }
        let mut buffers = Vec::new();
        if let Some(make) = &self.buffers {
            for (name, values) in drawing(keys, || make(input))? {
                self.check_name(&mut known, &name, "buffer")?;
                let own = builder.adopt_buffer(&name, &values)?;
                buffers.push((name, own));
            }
        }
        let mut layers = Vec::new();
        if let Some(make) = &self.layers {
            for (path, layer) in make(input)? {
                self.check_name(&mut known, &path, "layer")?;
                layers.push(Member {
                    path,
                    layer,
                    built: RefCell::default(),
                    tensors: RefCell::default(),
                });
            }
        }
        Ok(Members {
            name: self.name.clone(),
            layers,
            parameters,
            buffers,
            mode: Cell::new(Mode::EVAL),
            build: RefCell::new(None),
        })
    }

    /// Builds the layers in a pass over two samples; returns the shape of the output. A pass in
    /// training mode follows where the first has not called every layer.
    fn infer(&self, module: &Scripted, builder: &mut Builder, input: &Shape) -> Result<Shape> {
        let probe = Value::zeros(input, 2)?.map(|tensor| tensor.to_device(builder.device()))?;
        let members = &module.members;
        let is_input = builder.is_input;
        let spare = Builder::new(0, builder.device(), builder.fast);
        members.build.replace(Some(Build {
            builder: std::mem::replace(builder, spare),
            input: probe.clone(),
            is_input,
            last: None,
        }));
        let passes = || {
            let _guard = grad::no_grad();
            let output = module.run(&probe, Mode::EVAL)?;
            if members.layers.iter().any(|m| m.built.borrow().is_empty()) {
                // only the script sees training mode: layers neither draw numbers nor update
                // statistics
                let training = Mode {
                    training: true,
                    ..Mode::EVAL
                };
                (module.forward)(&probe, training)?;
            }
            Ok(output)
        };
        let buffers = members.snapshot()?;
        let output = passes();
        let build = members.build.replace(None);
        let mut last = None;
        if let Some(build) = build {
            *builder = build.builder;
            last = build.last;
        }
        builder.is_input = false;
        let output = output?;
        // what follows takes the output of the module
        if !last.is_some_and(|(last, _)| is_same(&last, &output)) {
            builder.apart.push(builder.rows.len());
        }
        members.restore(&buffers)?;
        if let Some(idle) = members.layers.iter().find(|m| m.built.borrow().is_empty()) {
            let path = &idle.path;
            bail!(
                "value",
                "{}: `forward` does not call layer `{path}`",
                self.name;
                hint: "call it as `m.{path}(x)`, or remove it from `layers`"
            );
        }
        output.shape_of_two(&self.name)
    }
}

impl Spec for ScriptModule {
    fn text(&self) -> String {
        format!("{}()", self.name)
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        if builder.nesting() > DEEPEST {
            bail!(
                "value",
                "{}: modules are nested more than {DEEPEST} deep",
                self.name;
                hint: "does the module contain itself?"
            );
        }
        let row = builder.rows.len();
        let first = builder.parameters.len();
        // its forward function may draw numbers
        builder.drawing += 1;
        let members = Rc::new(self.members(builder, input)?);
        let own = &builder.parameters[first..];
        let parameters = own.iter().map(|(_, tensor)| tensor.numel()).sum();
        builder.see_all();
        let module = Scripted {
            path: builder.path(),
            forward: (self.forward)(&members)?,
            members,
        };
        let output = self.infer(&module, builder, input)?;
        builder.see_all();
        let heading = Row {
            name: builder.path(),
            layer: self.text(),
            output: output.text(),
            parameters,
            field: None,
        };
        builder.head(row, heading);
        Ok(Built {
            module: Rc::new(module),
            output,
        })
    }
}
