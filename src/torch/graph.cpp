// Streams of a GPU, and work on one that is recorded and done again.
//
// The program links the processor's part of torch alone. Streams are reached through the interface that libtorch_cuda
// registers when it is loaded; of its CUDAGraph five functions are found by name, so that one program serves machines with and
// without a GPU. Their names and arguments are those of torch 2.11.
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <stdexcept>
#include <cstdlib>
#include <utility>

namespace {
// at::cuda::MempoolId_t; {0, 0} is a pool of the recording's own
using Pool = std::pair<unsigned long long, unsigned long long>;

struct Calls {
  void (*make)(void *, bool);
  void (*drop)(void *);
  // the mode is a cudaStreamCaptureMode: 0 lets no thread do what a recording cannot hold
  void (*begin)(void *, Pool, int);
  void (*end)(void *);
  void (*replay)(void *);
  bool found = true;

  template <typename F> void find(F &to, const char *name) {
    to = reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
    found = found && to;
  }

  Calls() {
    find(make, "_ZN2at4cuda9CUDAGraphC1Eb");
    find(drop, "_ZN2at4cuda9CUDAGraphD1Ev");
    find(begin, "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode");
    find(end, "_ZN2at4cuda9CUDAGraph11capture_endEv");
    find(replay, "_ZN2at4cuda9CUDAGraph6replayEv");
  }
};

const Calls &calls() {
  static const Calls all;
  return all;
}

// Room for a CUDAGraph, which takes 104 bytes.
struct Recorded {
  alignas(64) unsigned char place[1024];
};

template <typename F> char *guarded(F f) {
  try {
    f();
    return nullptr;
  } catch (const std::exception &error) {
    return strdup(error.what());
  } catch (...) {
    return strdup("torch failed without a message");
  }
}

c10::Device gpu(int index) { return c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index)); }
} // namespace

// All give null when all went well, else a message to free().

// Work of this thread goes to a stream of torch's pool from now on; `before` takes what `cistron_stream_leave` puts back.
extern "C" char *cistron_stream_enter(int index, int64_t *before) {
  return guarded([&] {
    c10::impl::VirtualGuardImpl device(c10::DeviceType::CUDA);
    device.synchronizeDevice(gpu(index).index());
    auto three = device.exchangeStream(device.getStreamFromGlobalPool(gpu(index))).pack3();
    before[0] = three.stream_id;
    before[1] = three.device_index;
    before[2] = static_cast<int64_t>(three.device_type);
  });
}

extern "C" char *cistron_stream_leave(int index, const int64_t *before) {
  return guarded([&] {
    c10::impl::VirtualGuardImpl device(c10::DeviceType::CUDA);
    device.synchronizeDevice(gpu(index).index());
    device.exchangeStream(c10::Stream::unpack3(before[0], static_cast<c10::DeviceIndex>(before[1]), static_cast<c10::DeviceType>(before[2])));
  });
}

// From here on the device is told nothing: what it would be told is kept, until cistron_record_end.
extern "C" char *cistron_record_begin(int index, void **out) {
  return guarded([&] {
    if (!calls().found) throw std::runtime_error("this libtorch cannot record the work of a GPU");
    c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).synchronizeDevice(gpu(index).index());
    auto own = new Recorded;
    try {
      calls().make(own->place, false);
    } catch (...) {
      delete own;
      throw;
    }
    try {
      calls().begin(own->place, Pool(0, 0), 0);
    } catch (...) {
      calls().drop(own->place);
      delete own;
      throw;
    }
    *out = own;
  });
}

extern "C" char *cistron_record_end(void *recorded) {
  return guarded([&] { calls().end(static_cast<Recorded *>(recorded)->place); });
}

extern "C" char *cistron_recorded_again(void *recorded) {
  return guarded([&] { calls().replay(static_cast<Recorded *>(recorded)->place); });
}

extern "C" void cistron_recorded_drop(void *recorded) {
  auto own = static_cast<Recorded *>(recorded);
  free(guarded([&] { calls().drop(own->place); }));
  delete own;
}
