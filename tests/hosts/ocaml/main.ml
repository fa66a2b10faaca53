(* host CASE: prints what must be the same in each mode. *)
external work : int -> int = "host_work"
external call : (int -> int) -> int = "host_call"
external fail : int -> int = "host_fail"

let sum n f = let total = ref 0 in for i = 0 to n - 1 do total := !total + f i done; !total
let fails f n = try ignore (f n); 0 with Failure _ -> 1
let rec nested n = if n = 0 then 0 else 1 + call (fun _ -> nested (n - 1))
let collect n =
  let held = List.init 1000 (fun i -> string_of_int (n + i)) in
  Gc.full_major ();
  List.fold_left (fun total text -> total + int_of_string text) 0 held

let () =
  print_int (match Sys.argv.(1) with
    | "down" -> sum 20000 work
    | "up" -> sum 20000 (fun i -> call (fun n -> n + i)) + nested 1000
    | "gc" -> sum 20 (fun n -> call (fun _ -> collect n))
    | "exceptions" -> sum 20000 (fails fail) + sum 20000 (fails (fun _ -> call fail))
    | "overflow" -> (try call (fun _ -> nested 100_000_000) with Stack_overflow -> 7) + work 1
    | _ -> exit 2);
  print_newline ()
