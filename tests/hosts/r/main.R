# Rscript main.R LIBRARY CASE: prints what must be the same in each mode.
arguments <- commandArgs(TRUE)
dyn.load(arguments[1])
work <- function(n) .Call("host_work", n)
call <- function(f) .Call("host_call", f)
unaware <- function(f) .Call("host_call_unaware", f)
failures <- function(n, f) sum(sapply(1:n, function(i) tryCatch({ f(); 0 }, error = function(e) 1)))
nested <- function(n, via) if (n == 0) 0 else 1 + via(function() nested(n - 1, via))
endless <- function(n) call(function() endless(n + 1))
options(expressions = 500000)
print(switch(arguments[2],
  down = sum(sapply(1:20000, work)),
  up = c(sum(sapply(1:5000, function(n) call(function() n))), nested(100, call)),
  up_unaware = c(sum(sapply(1:5000, function(n) unaware(function() n))), nested(100, unaware)),
  gc = { gctorture2(20); sum(sapply(1:30, function(n) call(function() work(n)))) },
  errors = c(
    failures(5000, function() .Call("host_fail", 1)),
    failures(2000, function() call(function() .Call("host_fail", 1)))),
  overflow = { caught <- tryCatch(endless(0), error = function(e) "too deep"); c(caught, work(1)) },
  stop("no such case")))
