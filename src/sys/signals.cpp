#include "sys/signals.hpp"

#include <csignal>
#include <initializer_list>

namespace cudaenv {

namespace {

// A handler can reach nothing but objects of static storage: the one place where that is allowed.
volatile std::sig_atomic_t arrived = 0;

void on_signal(int number) {
  if (arrived != 0 && number == SIGINT) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
  arrived = number;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_signal;  // no SA_RESTART: a wait for a lock must end
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() { return arrived != 0; }

}  // namespace cudaenv
