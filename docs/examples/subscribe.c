/* Print each final of a running daemon as JSON. Argument: its runtime directory.  cc subscribe.c -lzmq */
#include <stdio.h>
#include <zmq.h>

int main(int argc, char **argv) {
    char address[128], topic[256], event[65536];
    void *socket = zmq_socket(zmq_ctx_new(), ZMQ_SUB);
    snprintf(address, sizeof address, "ipc://%s/events.sock", argc > 1 ? argv[1] : ".");
    if (zmq_connect(socket, address) || zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "event.final", 11)) return 1;
    for (int n; zmq_recv(socket, topic, sizeof topic, 0) >= 0 && (n = zmq_recv(socket, event, sizeof event, 0)) >= 0;) {
        printf("%.*s\n", n < (int)sizeof event ? n : (int)sizeof event, event);
        fflush(stdout);
    }
}
