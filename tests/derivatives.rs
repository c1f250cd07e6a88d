//! Gradients that do not exist: an error that says so, or zeros; never a tensor that is none.

use crate::{fault, run};

#[test]
fn a_gradient_that_does_not_exist_is_an_error() {
    // each of these ended the process, or printed a tensor of an unknown kind
    for (text, message) in [
        (
            "let x = tensor::ones([3]).requires_grad(); print(tensor::ones([1]).sum().gradients([x]));",
            "does not depend on any tensor that requires a gradient",
        ),
        (
            "let x = tensor::ones([3]).requires_grad(); no_grad { x.sum().gradients([x]) }",
            "does not depend on any tensor that requires a gradient",
        ),
        (
            "let x = tensor::ones([3]).requires_grad(); x.detach().sum().gradients([x])",
            "does not depend on any tensor that requires a gradient",
        ),
        (
            "let x = tensor::ones([3]); x.sum().gradients([x])",
            "item 0 of `inputs` does not require a gradient",
        ),
        (
            "let x = tensor::ones([3]).requires_grad(); let y = x * 2; y.sum().gradients([x, y.detach()])",
            "item 1 of `inputs` does not require a gradient",
        ),
        (
            "let x = tensor::ones([3]).requires_grad(); let y = tensor::ones([2]).requires_grad(); (y * y).sum().gradients([y, x])",
            "does not depend on item 1 of `inputs`",
        ),
        (
            "let x = tensor::ones([3]).requires_grad(); x.gradients([x])",
            "gradients need one number, got [3]",
        ),
        (
            "let x = tensor::ones([3]).requires_grad(); x.argmax().backward();",
            "does not require grad",
        ),
        (
            "no_grad { let x = tensor::ones([3]).requires_grad(); x.sum().backward(); }",
            "does not require grad",
        ),
        (
            "let x = tensor::ones([1]).requires_grad(); let y = (x * x).sum(); y.backward(); y.backward();",
            "second time",
        ),
    ] {
        let fault = fault(text);
        assert!(fault.message.contains(message), "{text}: {fault}");
        run(&format!(
            "let caught = false; try {{ {text} }} catch (e) {{ caught = true; }} assert(caught);"
        ))
        .expect("goes on");
    }
    run("let x = tensor::ones([3]).requires_grad(); assert_eq(x.sum().gradients([]).len(), 0); x.zero_grad(); assert(x.grad == ());").expect("runs");
}

#[test]
fn explanations_of_an_output_that_ignores_an_input_are_zeros() {
    run("let net = nn::build(nn::chain([nn::branches(#{ a: nn::flatten(), b: nn::flatten() }), nn::linear(1)]), #{ a: [4, 6], b: [2] }, #{ seed: 1 });
         // the weights of `b` are the last two
         no_grad { net[\"1.weight\"][[(), 24..26]] = 0.0; }
         let x = #{ a: seq::one_hot([\"ACGTAC\"]), b: tensor::ones([1, 2]) };
         assert(net.forward(x).isfinite().all().item());")
    .expect("runs");
    let fault = fault(
        "let net = nn::build(nn::custom(\"cut\", #{ forward: |p, x| x.detach().sum([1, 2]).unsqueeze(1) }), [4, 6]);
         explain::saliency(net, seq::one_hot([\"ACGTAC\"]))",
    );
    assert!(
        fault
            .message
            .contains("the output does not depend on the input"),
        "{fault}"
    );
}
