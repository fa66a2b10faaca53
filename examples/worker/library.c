#include "library.h"

#ifdef WITHOUT_PTHREADS

enum sensor_status sensor_open(uint32_t readings, sensor_on_reading on_reading, void *user,
                               struct sensor **opened) {
    (void)readings, (void)on_reading, (void)user, (void)opened;
    return SENSOR_UNSUPPORTED;
}

void sensor_close(struct sensor *sensor) { (void)sensor; }

#else

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

struct sensor {
    pthread_t thread;
    uint32_t readings;
    sensor_on_reading on_reading;
    void *user;
};

/* Stands in for the device: the same readings in every run. */
static struct sensor_reading poll_device(uint32_t sequence) {
    struct sensor_reading reading = {sequence, (float)(sequence % 97), 50 + sequence % 50};
    return reading;
}

static void *poll_until_done(void *argument) {
    struct sensor *sensor = argument;
    for (uint32_t sequence = 0; sequence < sensor->readings; sequence++) {
        struct sensor_reading reading = poll_device(sequence);
        sensor->on_reading(&reading, sensor->user);
    }
    return NULL;
}

static int start(struct sensor *sensor) {
    size_t least = (size_t)PTHREAD_STACK_MIN;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return 0;
    int started = pthread_attr_setstacksize(
                      &attributes, least > SENSOR_STACK_BYTES ? least : SENSOR_STACK_BYTES) == 0 &&
                  pthread_create(&sensor->thread, &attributes, poll_until_done, sensor) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

enum sensor_status sensor_open(uint32_t readings, sensor_on_reading on_reading, void *user,
                               struct sensor **opened) {
    struct sensor *sensor = malloc(sizeof *sensor);
    if (sensor == NULL)
        return SENSOR_NO_THREAD;
    sensor->readings = readings;
    sensor->on_reading = on_reading;
    sensor->user = user;
    if (!start(sensor)) {
        free(sensor);
        return SENSOR_NO_THREAD;
    }
    *opened = sensor;
    return SENSOR_OK;
}

void sensor_close(struct sensor *sensor) {
    pthread_join(sensor->thread, NULL);
    free(sensor);
}

#endif
