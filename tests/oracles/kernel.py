"""The kernel under jupyter_kernel_test, and what that does not ask: interrupts, progress, aborted cells, traces.

Run with the kernel installed where JUPYTER_PATH or JUPYTER_DATA_DIR finds it: python kernel.py
"""

import time
import unittest

import jupyter_kernel_test as jkt


class KernelTests(jkt.KernelTests):
    kernel_name = "cistron"
    language_name = "rhai"
    file_extension = ".rhai"
    code_hello_world = 'print("hello, world")'
    code_stderr = 'let a = 1 / 3;'
    completion_samples = [
        {"text": "nn::conv1", "matches": {"conv1d"}},
        {"text": "nn::conv1d(8, 3, #{ dila", "matches": {"dilation: "}},
        {"text": ":ti", "matches": {":time"}},
    ]
    complete_code_samples = ["let a = 1;", "fn f(x) {\n  x + 1\n}", "?nn::conv1d", "1 + 2"]
    incomplete_code_samples = ["fn f(x) {", "[1, 2,", "print("]
    invalid_code_samples = ["let = 3", "fn }"]
    code_page_something = "?nn::conv1d"
    code_generate_error = "nn::conv1d(1, 2, 3, 4, 5, 6)"
    code_execute_result = [
        {"code": "1 + 2", "result": "3"},
        {"code": "tensor::ones([2]).sum()"},
        {"code": 'motif::from_consensus("AGATAA")', "mime": "image/svg+xml"},
        {"code": 'motif::from_consensus("AGATAA")', "mime": "image/png"},
        {"code": 'table::from([#{ a: 1, b: "<x>" }, #{ a: 2, b: "y" }])', "mime": "text/html"},
    ]
    code_display_data = [{"code": 'display(motif::from_consensus("AGATAA"));', "mime": "image/svg+xml"}]
    code_history_pattern = "1?+*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "nn::conv1d"

    def ran(self, code, **more):
        self.flush_channels()
        return self.execute_helper(code, **more)

    def test_inspects_the_call_around_and_variables(self):
        self.ran("let mine = tensor::ones([2, 3]);")
        for code, at, word in [("nn::conv1d(8, ", 14, "filters"), ("mine", 2, "[2, 3]"), ("mine.reshape", 8, "reshape")]:
            self.kc.inspect(code, at)
            reply = self.get_non_kernel_info_reply(timeout=120)
            self.assertTrue(reply["content"]["found"], code)
            self.assertIn(word, reply["content"]["data"]["text/plain"])

    def test_letters_beyond_ascii_count_once(self):
        self.kc.complete('let é = "ü"; nn::conv1')
        reply = self.get_non_kernel_info_reply(timeout=120)["content"]
        self.assertEqual((reply["cursor_start"], reply["cursor_end"], reply["matches"]), (17, 22, ["conv1d"]))

    def test_variables_functions_and_imports_stay(self):
        self.ran('import "std/models/chromatin" as chromatin; fn twice(x) { 2 * x } let kept = 21;')
        reply, output = self.ran("twice(kept)")
        self.assertEqual(output[0]["content"]["data"]["text/plain"], "42")
        reply, output = self.ran("chromatin::baseline(2, 4, 1)")
        self.assertEqual(reply["content"]["status"], "ok")

    def test_parameters_are_those_that_the_kernel_was_installed_with(self):
        reply, output = self.ran('param("factors", ["CTCF"]).join(" ")')
        self.assertIn("MYC MAX", output[0]["content"]["data"]["text/plain"])

    def test_errors_have_a_trace_with_the_cell(self):
        reply, output = self.ran("let x = tensor::ones([2]);\nx.reshap([1, 2])")
        trace = "\n".join(output[0]["content"]["traceback"])
        self.assertIn("reshape", trace)
        self.assertIn(f"In[{reply['content']['execution_count']}]:2:", trace)
        # blank lines at the beginning of a cell count
        reply, output = self.ran("\n\n  nothing_here")
        self.assertIn(f"In[{reply['content']['execution_count']}]:3:3", "\n".join(output[0]["content"]["traceback"]))

    def test_an_interrupt_ends_the_cell_alone(self):
        self.ran("let before = 7;")
        self.flush_channels()
        self.kc.execute('print("begun"); let n = 0; while true { n += 1; }')
        while self.kc.get_iopub_msg(timeout=120)["msg_type"] != "stream":
            pass
        self.km.interrupt_kernel()
        reply = self.get_non_kernel_info_reply(timeout=120)
        self.assertEqual((reply["content"]["status"], reply["content"]["ename"]), ("error", "interrupted"))
        self.flush_channels()
        self.assertEqual(self.ran("before")[1][0]["content"]["data"]["text/plain"], "7")

    def test_cells_behind_a_failed_one_are_dropped(self):
        self.flush_channels()
        first = self.kc.execute('for i in 0..3000000 { } throw "no";')
        second = self.kc.execute("1 + 1")
        got = {}
        while len(got) < 2:
            reply = self.get_non_kernel_info_reply(timeout=120)
            got[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        self.assertEqual(got, {first: "error", second: "aborted"})
        self.flush_channels()

    def test_progress_comes_while_it_trains(self):
        self.flush_channels()
        self.kc.execute(
            'let d = data::from(#{ sequence: (0..2000).map(|i| "ACGTACGTACGTACGT"), label: (0..2000).map(|i| i % 2) });'
            "train::fit(nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 16]), #{ train: d, loss: loss::bce_with_logits(), optimizer: optim::sgd(#{ lr: 0.1 }), epochs: 60, batch: 4 });"
        )
        replaced = 0
        while True:
            message = self.kc.get_iopub_msg(timeout=120)
            self.assertNotEqual(message["content"].get("name"), "stderr")
            if message["msg_type"] == "update_display_data":
                replaced += 1
                self.assertIn("display_id", message["content"]["transient"])
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        self.assertGreater(replaced, 20)
        self.assertEqual(self.get_non_kernel_info_reply(timeout=120)["content"]["status"], "ok")

    def test_a_replayed_message_is_refused(self):
        self.ran("let runs = 0;")
        self.flush_channels()
        session, channel = self.kc.session, self.kc.shell_channel
        message = session.msg("execute_request", {"code": "runs += 1;", "silent": False})
        wire = session.serialize(message)
        for _ in range(3):
            channel.socket.send_multipart(wire)
        self.get_non_kernel_info_reply(timeout=120)
        self.flush_channels()
        self.assertEqual(self.ran("runs")[1][0]["content"]["data"]["text/plain"], "1")

    def test_silent_code_leaves_no_trace(self):
        before = self.ran("1")[0]["content"]["execution_count"]
        reply, output = self.ran("let quiet = 5; quiet", silent=True, store_history=False)
        self.assertEqual((output, reply["content"]["execution_count"]), ([], before))
        self.flush_channels()
        self.kc.execute("1", user_expressions={"a": "quiet + 1", "b": "nothing_here"})
        given = self.get_non_kernel_info_reply(timeout=120)["content"]["user_expressions"]
        self.assertEqual(given["a"]["data"]["text/plain"], "6")
        self.assertEqual(given["b"]["status"], "error")
        self.flush_channels()


if __name__ == "__main__":
    unittest.main(verbosity=1)
