/* rauc-ocpp-transfer: one JSON job on stdin, JSON lines on stdout. */
int main(void)
{
        return 1;
}
