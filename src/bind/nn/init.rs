//! `init::…`: how parameters start; inside `nn::custom` the values follow the model's seed.

use crate::lang::session;
use crate::natives;
use crate::nn::Init;

/// The layer that is being built, else the run's seed; and the number of the draw.
fn keys() -> Vec<u64> {
    crate::nn::init::next_keys()
        .unwrap_or_else(|| vec![session::settings().seed, 0x696e_6974, session::next_draw()])
}

natives! { starts in "init" {
    /// Starts all values at 0.
    ///
    /// ```rhai
    /// assert_eq(init::zeros([2]), [0.0, 0.0]);
    /// ```
    function "zeros"(c, shape: Vec<i64>) -> "tensor of `shape`" { Init::Constant(0.0).draw(&shape, &keys()) }

    /// Starts all values at 1.
    ///
    /// ```rhai
    /// assert_eq(init::ones([2]), [1.0, 1.0]);
    /// ```
    function "ones"(c, shape: Vec<i64>) -> "tensor of `shape`" { Init::Constant(1.0).draw(&shape, &keys()) }

    /// Starts all values at one number.
    ///
    /// ```rhai
    /// assert_eq(init::constant([2], 3), [3.0, 3.0]);
    /// ```
    function "constant"(c, shape: Vec<i64>, value: f64) -> "tensor of `shape`" { Init::Constant(value).draw(&shape, &keys()) }

    /// Draws evenly from -bound to bound.
    ///
    /// ```rhai
    /// assert(init::uniform([50], 0.1).abs().max().item() <= 0.1);
    /// ```
    function "uniform"(c, shape: Vec<i64>, bound: f64) -> "tensor of `shape`" { Init::Uniform(bound).draw(&shape, &keys()) }

    /// Draws normal numbers with mean 0.
    ///
    /// ```rhai
    /// assert_eq(init::normal([5], 0.01).shape, [5]);
    /// ```
    function "normal"(c, shape: Vec<i64>, sd: f64) -> "tensor of `shape`" { Init::Normal(sd).draw(&shape, &keys()) }

    /// Draws evenly by fan in and fan out (Glorot & Bengio 2010); `shape` is [out, in, …].
    ///
    /// ```rhai
    /// assert_eq(init::xavier_uniform([3, 4]).shape, [3, 4]);
    /// ```
    function "xavier_uniform"(c, shape: Vec<i64>) -> "tensor of `shape`" { Init::XavierUniform.draw(&shape, &keys()) }

    /// Draws normal numbers by fan in and fan out.
    ///
    /// ```rhai
    /// assert_eq(init::xavier_normal([3, 4]).shape, [3, 4]);
    /// ```
    function "xavier_normal"(c, shape: Vec<i64>) -> "tensor of `shape`" { Init::XavierNormal.draw(&shape, &keys()) }

    /// Draws evenly by fan in, for ReLU (He et al. 2015).
    ///
    /// ```rhai
    /// assert_eq(init::kaiming_uniform([3, 4]).shape, [3, 4]);
    /// ```
    function "kaiming_uniform"(c, shape: Vec<i64>) -> "tensor of `shape`" { Init::KaimingUniform.draw(&shape, &keys()) }

    /// Draws normal numbers by fan in, for ReLU.
    ///
    /// ```rhai
    /// assert_eq(init::kaiming_normal([3, 4]).shape, [3, 4]);
    /// ```
    function "kaiming_normal"(c, shape: Vec<i64>) -> "tensor of `shape`" { Init::KaimingNormal.draw(&shape, &keys()) }

    /// Draws normal numbers by fan out, for ReLU.
    ///
    /// ```rhai
    /// assert_eq(init::kaiming_normal_fan_out([3, 4]).shape, [3, 4]);
    /// ```
    function "kaiming_normal_fan_out"(c, shape: Vec<i64>) -> "tensor of `shape`" { Init::KaimingNormalFanOut.draw(&shape, &keys()) }

    /// Draws orthogonal rows or columns (Saxe et al. 2014).
    ///
    /// ```rhai
    /// let q = init::orthogonal([3, 5]);
    /// assert_near(q @ q.t(), tensor::eye(3), 1e-5);
    /// ```
    function "orthogonal"(c, shape: Vec<i64>) -> "tensor of `shape`" { Init::Orthogonal.draw(&shape, &keys()) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [starts()].into_iter().flatten().collect()
}
