# Fails when a pure room's archive needs a symbol that reaches outside its arguments.
cmake_minimum_required(VERSION 3.20)
execute_process(COMMAND ${NM} -u ${LIB} OUTPUT_VARIABLE symbols RESULT_VARIABLE r)
if(NOT r EQUAL 0)
  message(FATAL_ERROR "cannot read the symbols of ${LIB}")
endif()
set(families zmq curl MHD uv mdb epoll pthread randombytes)
set(names
  socket connect bind listen accept accept4 send sendto sendmsg recv recvfrom recvmsg open open64 openat fopen fopen64
  close fclose read fread write fwrite poll select time clock_gettime gettimeofday getenv secure_getenv rand random
  srand srandom getrandom printf fprintf vprintf vfprintf dprintf __printf_chk __fprintf_chk __vfprintf_chk puts fputs
  syslog fork execve execvp system popen sleep nanosleep usleep exit _exit mmap ioctl)
string(REGEX MATCHALL " U [A-Za-z0-9_]+" needed "${symbols}")
set(bad "")
foreach(symbol ${needed})
  string(REGEX REPLACE "^ U " "" symbol "${symbol}")
  string(REGEX REPLACE "_.*" "" family "${symbol}")
  if(symbol IN_LIST names OR (family IN_LIST families AND symbol MATCHES "_"))
    list(APPEND bad ${symbol})
  endif()
endforeach()
if(bad)
  list(REMOVE_DUPLICATES bad)
  message(FATAL_ERROR "not pure, it reaches: ${bad}")
endif()
