%% erl -noshell -s host main LIBRARY CASE: prints what must be the same in each mode.
-module(host).
-export([main/1]).
-nifs([work/1, work_cpu/1, work_io/1, large/1, large_cpu/1, large_io/1, echo/1]).

work(_) -> erlang:nif_error(not_loaded).
work_cpu(_) -> erlang:nif_error(not_loaded).
work_io(_) -> erlang:nif_error(not_loaded).
large(_) -> erlang:nif_error(not_loaded).
large_cpu(_) -> erlang:nif_error(not_loaded).
large_io(_) -> erlang:nif_error(not_loaded).
echo(_) -> erlang:nif_error(not_loaded).

main([Library, Case]) ->
    ok = erlang:load_nif(filename:rootname(atom_to_list(Library)), 0),
    io:format("~p~n", [run(Case)]),
    halt(0).

sum(F, Count) -> lists:sum([F(N) || N <- lists:seq(1, Count)]).

in_processes(Count, F) ->
    Self = self(),
    [spawn_link(fun() -> Self ! {sum, F()} end) || _ <- lists:seq(1, Count)],
    lists:sum([receive {sum, N} -> N end || _ <- lists:seq(1, Count)]).

run(normal) -> sum(fun work/1, 20000);
run(dirty) -> {sum(fun work_cpu/1, 5000), sum(fun work_io/1, 5000)};
run(processes) ->
    in_processes(500, fun() ->
        sum(fun work/1, 20) + sum(fun work_cpu/1, 5) + sum(fun work_io/1, 5) end);
run(exceptions) -> sum(fun(_) -> try work(none) catch error:badarg -> 1 end end, 20000);
run(messages) -> sum(fun(N) -> echo(N), receive N -> N end end, 20000);
run(large_on_normal) -> large(1);
run(large_on_dirty_cpu) -> large_cpu(1);
run(large_on_dirty_io) -> large_io(1).
