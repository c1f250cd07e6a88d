// A node of torch's gradient graph whose backward pass is a Rust function.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/basic_ops.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <cstring>
#include <stdexcept>

namespace {
// Functions of the program, set when this library is loaded: the program exports no symbols.
struct Callbacks {
  // Returns null where all went well, else a message that `free_message` takes back. `gradients` holds one slot for each
  // input; a slot left null is no gradient.
  char *(*backward)(void *kernel, at::Tensor *gradient, at::Tensor **inputs, at::Tensor **gradients, size_t n);
  void (*drop)(void *kernel);
  void (*free_message)(char *message);
};
Callbacks callbacks;
} // namespace

extern "C" void cistron_set_callbacks(
    char *(*backward)(void *, at::Tensor *, at::Tensor **, at::Tensor **, size_t), void (*drop)(void *), void (*free_message)(char *)) {
  callbacks = {backward, drop, free_message};
}

namespace {
struct Node : public torch::autograd::Node {
  void *kernel;
  std::vector<torch::autograd::SavedVariable> inputs;
  bool released = false;

  explicit Node(void *kernel) : kernel(kernel) {}
  ~Node() override { callbacks.drop(kernel); }

  std::string name() const override { return "CistronKernel"; }

  torch::autograd::variable_list apply(torch::autograd::variable_list &&incoming) override {
    if (released) throw std::runtime_error("Trying to backward through the graph a second time");
    size_t n = inputs.size();
    torch::autograd::variable_list outgoing(n);
    if (!incoming[0].defined()) return outgoing;
    bool recording = at::GradMode::is_enabled();
    at::NoGradGuard guard;
    std::vector<at::Tensor> own;
    std::vector<at::Tensor *> seen, given(n, nullptr);
    for (auto &input : inputs) own.push_back(input.unpack());
    for (auto &input : own) seen.push_back(&input);
    char *message = callbacks.backward(kernel, &incoming[0], seen.data(), given.data(), n);
    for (size_t i = 0; i < n; i++) {
      if (given[i]) {
        outgoing[i] = *given[i];
        delete given[i];
      }
    }
    if (message) {
      std::string text(message);
      callbacks.free_message(message);
      throw std::runtime_error(text);
    }
    if (recording) refuse(outgoing, own, incoming[0]);
    return outgoing;
  }

  // The backward pass of a kernel has no derivative of its own: a gradient of these gradients is an error, not 0.
  static void refuse(torch::autograd::variable_list &gradients, const std::vector<at::Tensor> &inputs, const at::Tensor &incoming) {
    torch::autograd::edge_list edges;
    for (auto &input : inputs) edges.push_back(torch::autograd::impl::gradient_edge(input));
    edges.push_back(torch::autograd::impl::gradient_edge(incoming));
    for (auto &gradient : gradients) {
      if (!gradient.defined()) continue;
      auto error = std::make_shared<torch::autograd::Error>(
          "a fused or checkpointed layer has no second derivative", torch::autograd::edge_list(edges));
      gradient = gradient.tensor_data();
      torch::autograd::set_history(gradient, error);
    }
  }

  void release_variables() override {
    inputs.clear();
    released = true;
  }
};
} // namespace

extern "C" bool cistron_is_recording() { return at::GradMode::is_enabled(); }

// Makes `output` the result of `inputs` in the gradient graph. Takes the kernel; gives null, or a message to free().
extern "C" char *cistron_attach(at::Tensor *output, at::Tensor **inputs, size_t n, void *kernel) {
  std::shared_ptr<Node> node;
  try {
    node = std::shared_ptr<Node>(new Node(kernel), torch::autograd::deleteNode);
  } catch (...) {
    callbacks.drop(kernel);
    return strdup("no memory for a gradient");
  }
  try {
    torch::autograd::edge_list edges;
    for (size_t i = 0; i < n; i++) {
      edges.push_back(torch::autograd::impl::gradient_edge(*inputs[i]));
      node->inputs.emplace_back(*inputs[i], false);
    }
    node->set_next_edges(std::move(edges));
    {
      // a reshaped or transposed output is a view of a tensor that the graph knows nothing of: without that bond it is one of its own
      at::AutoDispatchBelowADInplaceOrView guard;
      *output = output->alias();
    }
    torch::autograd::set_history(*output, node);
    return nullptr;
  } catch (const std::exception &error) {
    return strdup(error.what());
  }
}

// Where the gradients of a leaf are added up from now on. Gives null, or a message to free().
extern "C" char *cistron_set_gradient(at::Tensor *leaf, at::Tensor *gradient) {
  try {
    leaf->mutable_grad() = *gradient;
    return nullptr;
  } catch (const std::exception &error) {
    return strdup(error.what());
  }
}

// Adds the gradients of a number to those of `n` leaves, and of no others. Gives null, or a message to free().
extern "C" char *cistron_backward(at::Tensor *number, at::Tensor **leaves, size_t n, int keep) {
  try {
    torch::autograd::variable_list inputs;
    for (size_t i = 0; i < n; ++i) inputs.push_back(*leaves[i]);
    torch::autograd::backward({*number}, {}, keep != 0, false, inputs);
    return nullptr;
  } catch (const std::exception &error) {
    return strdup(error.what());
  }
}

// beta * own + alpha * (a @ b), rounded once. Gives null, or a message to free().
extern "C" char *cistron_addmm(at::Tensor *out, at::Tensor *own, at::Tensor *a, at::Tensor *b, double beta, double alpha) {
  try {
    *out = at::addmm(*own, *a, *b, beta, alpha);
    return nullptr;
  } catch (const std::exception &error) {
    return strdup(error.what());
  }
}

// Both give what was set before.
extern "C" int cistron_autocast(int cuda, int on) {
  auto device = cuda ? at::kCUDA : at::kCPU;
  int before = at::autocast::is_autocast_enabled(device);
  at::autocast::set_autocast_dtype(device, at::kBFloat16);
  at::autocast::set_autocast_enabled(device, on);
  if (!on) at::autocast::clear_cache();
  return before;
}

extern "C" int cistron_tf32(int on) {
  auto &context = at::globalContext();
  int before = context.allowTF32CuBLAS();
  context.setAllowTF32CuBLAS(on);
  context.setAllowTF32CuDNN(on);
  return before;
}

// Tells the gradient graph that the numbers of a tensor were changed from outside.
extern "C" void cistron_changed(at::Tensor *tensor) { torch::autograd::impl::bump_version(*tensor); }

namespace {
at::Generator generator(int index) {
  if (index < 0) return at::detail::getDefaultCPUGenerator();
  return at::globalContext().defaultGenerator(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index)));
}
} // namespace

// The state of torch's generator of the CPU (index -1) or of a GPU, a new tensor. Returns null, or a message to free().
extern "C" char *cistron_generator_state(int index, at::Tensor **state) {
  try {
    auto own = generator(index);
    std::lock_guard<std::mutex> lock(own.mutex());
    *state = new at::Tensor(own.get_state());
    return nullptr;
  } catch (const std::exception &error) {
    return strdup(error.what());
  }
}

// Sets that state. Returns null, or a message to free().
extern "C" char *cistron_set_generator_state(int index, at::Tensor *state) {
  try {
    auto own = generator(index);
    std::lock_guard<std::mutex> lock(own.mutex());
    own.set_state(*state);
    return nullptr;
  } catch (const std::exception &error) {
    return strdup(error.what());
  }
}
