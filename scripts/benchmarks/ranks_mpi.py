"""MPI_Allreduce alone, by libmpi of Open MPI and without packages; ranks.py starts it on two ranks. Prints seconds by size as JSON."""

import ctypes
import json
import statistics
import time

# symbols of libraries that Open MPI loads later are looked up here
mpi = ctypes.CDLL("libmpi.so.40", mode=ctypes.RTLD_GLOBAL)


def handle(name):
    return ctypes.c_void_p(ctypes.addressof(ctypes.c_char.in_dll(mpi, name)))


def main():
    mpi.MPI_Init(None, None)
    world, kind, add = handle("ompi_mpi_comm_world"), handle("ompi_mpi_float"), handle("ompi_mpi_op_sum")
    rank = ctypes.c_int()
    mpi.MPI_Comm_rank(world, ctypes.byref(rank))
    rows, kilobytes = [], 1
    while kilobytes <= 65_536:
        n = kilobytes * 256
        own, total = (ctypes.c_float * n)(), (ctypes.c_float * n)()
        times = []
        for _ in range(60 if kilobytes <= 1024 else 12):
            mpi.MPI_Barrier(world)
            began = time.perf_counter()
            mpi.MPI_Allreduce(own, total, n, kind, add, world)
            times.append(time.perf_counter() - began)
        rows.append({"bytes": kilobytes * 1024, "median": statistics.median(times), "least": min(times)})
        kilobytes *= 4
    if rank.value == 0:
        print(json.dumps({"sums": rows}))
    mpi.MPI_Finalize()


main()
